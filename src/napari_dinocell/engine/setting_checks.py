"""Checks that frozen settings make of themselves."""

from __future__ import annotations

from dataclasses import fields
from math import isfinite
from numbers import Integral, Real
from typing import Any

from napari_dinocell.engine.errors import SettingsError


def require(condition: bool, message: str) -> None:
    """Refuse settings in a sentence that says what was expected, and what was got."""
    if not condition:
        raise SettingsError(message)


def require_types(config: Any) -> None:
    """Refuse settings of another type than their default, where that says it.

    A number of numpy is a number; True is none.
    """
    for setting in fields(config):
        value, usual = getattr(config, setting.name), setting.default
        if isinstance(usual, bool):
            right, expected = isinstance(value, bool), "true or false"
        elif isinstance(usual, int):
            right, expected = is_whole(value), "a whole number"
        elif isinstance(usual, float):
            right, expected = is_real(value), "a finite number"
        else:
            continue
        name = setting.name.replace("_", " ")
        require(right, f"Expected {expected} for the {name}, got {value!r}.")


def is_whole(value: Any) -> bool:
    """Whether it is an integer, of Python or numpy."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_real(value: Any) -> bool:
    """Whether it is a finite number, of Python or numpy."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def are_limits(limits: Any) -> bool:
    """Whether this is a tuple of two finite numbers, the lower one first."""
    return (
        isinstance(limits, tuple)
        and len(limits) == 2
        and all(map(is_real, limits))
        and limits[0] < limits[1]
    )


def are_channels(channels: Any) -> bool:
    """Whether this is a non-empty tuple of different indices."""
    return (
        isinstance(channels, tuple)
        and all(type(index) is int and index >= 0 for index in channels)
        and 0 < len(channels) == len(set(channels))
    )


def are_polygons(polygons: Any) -> bool:
    """Whether this is a tuple of polygons: tuples of three or more pairs of numbers."""
    return isinstance(polygons, tuple) and all(
        isinstance(polygon, tuple)
        and len(polygon) >= 3
        and all(_is_place(corner) for corner in polygon)
        for polygon in polygons
    )


def _is_place(corner: Any) -> bool:
    pair = isinstance(corner, tuple) and len(corner) == 2
    return pair and all(map(is_real, corner))
