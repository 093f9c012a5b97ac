"""From `[flagged]` into Elasticsearch: the document, its bulk request, and what became of each. Start at stage.py."""
