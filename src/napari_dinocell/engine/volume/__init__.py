"""Volumes: the maps of all slices of a stack become one map (Z, Y, X)."""
