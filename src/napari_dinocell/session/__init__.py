"""What the docks share: the model, jobs, results. Knows neither Qt nor napari."""
