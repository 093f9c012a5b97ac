"""From `[flagged]`, `[alerts]` and `[audit]` into Elasticsearch: the documents, their bulk request, what became of each.

Start at stage.py.

The way back: search.py finds items, item_of.py makes one of a document.
"""
