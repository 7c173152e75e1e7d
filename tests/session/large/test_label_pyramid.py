"""Labels on disk in several resolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_dinocell.session.large import label_pyramid
from napari_dinocell.session.large.label_pyramid import LabelPyramid

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def small_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_pyramid, "COARSEST", 8)


def test_parts_come_into_all_levels(tmp_path: Path) -> None:
    labels = np.arange(2 * 21 * 30, dtype=np.int32).reshape(2, 21, 30)
    pyramid = LabelPyramid(tmp_path / "labels", labels.shape)
    assert [level.shape[1:] for level in pyramid.levels] == [(21, 30), (11, 15), (6, 8)]
    for rows in (slice(0, 7), slice(7, 8), slice(8, 21)):
        for columns in (slice(0, 11), slice(11, 30)):
            pyramid.write((1,), (rows, columns), labels[1][rows, columns])
    for number, level in enumerate(pyramid.levels):
        step = 2**number
        assert np.array_equal(level[1], labels[1, ::step, ::step])
        assert not level[0].any()
    again = LabelPyramid(tmp_path / "labels", labels.shape)
    assert np.array_equal(again.levels[0][1], labels[1])
    again.clear((1,), (slice(3, 21), slice(0, 30)))
    for number, level in enumerate(again.levels):
        first = -(-3 // 2**number)
        assert not level[1, first:].any()
        assert level[1, :first, 1:].all()


def test_labels_of_another_shape_are_made_anew(tmp_path: Path) -> None:
    part = slice(0, 2), slice(0, 2)
    LabelPyramid(tmp_path, (20, 30)).write((), part, np.eye(2, dtype=np.int32))
    other = LabelPyramid(tmp_path, (30, 20))
    assert other.levels[0].shape == (30, 20)
    assert not other.levels[0][:].any()
