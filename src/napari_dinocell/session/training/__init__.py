"""Teaching a model with corrections: the job, its names, its progress."""
