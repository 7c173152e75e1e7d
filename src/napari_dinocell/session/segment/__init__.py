"""Segmenting the planes of one image: the job, what it finds, how far it has come."""
