"""Flagged items → a CSV or JSONL file: scan.py finds all, columns.py and spreadsheet.py make rows, target.py the file."""
