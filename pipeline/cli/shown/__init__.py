"""What the commands that judge a model print, a module for each report."""
