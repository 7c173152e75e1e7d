"""What several docks use: controls, choice of the model, messages, workers."""
