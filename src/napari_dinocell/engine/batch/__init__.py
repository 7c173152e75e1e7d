"""Many files, one after the other: the same engine for command line and dock."""
