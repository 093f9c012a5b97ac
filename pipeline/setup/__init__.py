"""What `flagpost setup` makes on the clusters: topics.py for Kafka, elasticsearch.py for the index. Plans are pure."""
