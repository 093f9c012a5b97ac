"""From post to verdict: prepare the text, judge it, decide, and tell what became of it. Start at stage.py."""
