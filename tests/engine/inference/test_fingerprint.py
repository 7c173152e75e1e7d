"""Planes are told apart by their pixels."""

from __future__ import annotations

import numpy as np

from napari_dinocell.engine.inference.fingerprint import fingerprint_of


def test_same_pixels_have_the_same_fingerprint_in_any_layout() -> None:
    plane = np.random.default_rng(0).integers(0, 99, (60, 40))
    assert fingerprint_of(plane) == fingerprint_of(np.asfortranarray(plane))
    assert fingerprint_of(plane) == fingerprint_of(np.repeat(plane, 2, 1)[:, ::2])


def test_any_change_is_seen() -> None:
    plane = np.zeros((60, 40), np.uint8)
    known = {fingerprint_of(plane)}
    for other in (plane.reshape(40, 60), plane.view(np.int8)):
        known.add(fingerprint_of(other))
    plane[59, 39] = 1  # in place, in the last corner
    known.add(fingerprint_of(plane))
    assert len(known) == 4
