"""Many images to disk: the job, and how far it has come."""
