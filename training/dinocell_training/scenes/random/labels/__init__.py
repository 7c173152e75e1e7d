"""Label maps: which pixels belong to which cell, for many kinds of cells."""
