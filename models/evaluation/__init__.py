"""How good a model is: figures, intervals, and what they mean on a real stream. Needs no torch."""
