"""Measuring labels: the job, and what it found."""
