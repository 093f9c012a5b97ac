"""Judging the judge: labelled posts from a file, the verdicts that the pipeline would give, and what they are worth."""
