"""That labels become part of the images; a plain description that loads nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IntoImage:
    """Labels go into the OME-Zarr of each image, not into a folder."""

    name: str = "cells"
    """Of the labels."""
    overwrite: bool = False
    """Whether labels of this name that are there may be replaced."""
