"""What a run was, and the Python script or the command that repeats it."""
