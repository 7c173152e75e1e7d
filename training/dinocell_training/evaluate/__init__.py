"""How good is a model? Scores, baselines, robustness, figures."""
