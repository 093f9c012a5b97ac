"""How it moves: one folder a stage, in the order a post meets them."""
