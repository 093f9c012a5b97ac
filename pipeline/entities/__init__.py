"""What a post's text names and can be looked for: vehicles, postcodes, phones, what3words, roads, places. Pure.

Start at entities.py; beside it one file a kind. A finder would rather miss a name than make one up: an analyst who
filters by a mark trusts what comes back, and can still search the words themselves for the rest.

They are found when the item's document is made (`pipeline.index.document`), not when the post is judged: nothing is
decided by them, `[flagged]` stays as it is, and better patterns reach what is stored already by an index that is filled
anew. The finder that reads a post also reads what an analyst types (`as_typed` in each file), so both are written alike.
"""
