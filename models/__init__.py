"""What judges: the classifier, its releases, the corpus and the training."""
