"""What travels: records, topics, their encoding and the index mapping. Imports nothing else of ours."""
