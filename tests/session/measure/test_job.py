"""Measuring, checking and saving labels, without a viewer."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.session.measure.job import (
    Checked,
    Measured,
    MeasureRequest,
    PlaneMeasured,
    Saved,
    check_planes,
    measure_planes,
    save_table,
)

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.session.measure.measurement import Measurement


def go_on() -> bool:
    return False


def source_of(data: np.ndarray) -> ImageSource:
    return ImageSource(
        data=data,
        shape=data.shape,
        plane_axes=tuple(range(data.ndim - 2)),
        channel_axis=None,
        rgb=False,
        dtype=data.dtype,
    )


@pytest.fixture
def stack() -> np.ndarray:
    """(T, Y, X): one cell of 4 x 4 pixels, then this one and one of 2 x 3."""
    labels = np.zeros((2, 20, 30), np.int32)
    labels[:, 2:6, 3:7] = 5
    labels[1, 10:12, 20:23] = 9
    return labels


def request_for(labels: np.ndarray, **options: Any) -> MeasureRequest:
    source = source_of(labels)
    settings: dict[str, Any] = {
        "labels": source,
        "axes": ("T",) * (labels.ndim - 2),
        "planes": tuple(source.planes()),
        "channels": {},
        "distance": None,
        "spacing": None,
        "unit": "px",
    }
    return MeasureRequest(**settings | options)


def measured(request: MeasureRequest) -> Measurement:
    *_, last = measure_planes(request, go_on)
    assert isinstance(last, Measured)
    return last.measurement


def test_a_stack_is_measured_plane_by_plane(stack: np.ndarray) -> None:
    events = list(measure_planes(request_for(stack), go_on))
    assert events[:2] == [PlaneMeasured(1, 2), PlaneMeasured(2, 2)]
    found = measured(request_for(stack))
    assert found.count == 3
    assert found.row_of((0,), 9) is None
    row = found.row_of((1,), 9)
    assert row is not None
    assert found.plane_of(row) == (1,)
    assert found.values("area_px")[row] == 6


def test_nuclei_are_measured_with_their_cells(stack: np.ndarray) -> None:
    nuclei = np.zeros_like(stack)
    nuclei[1, 3:5, 4:6] = 77
    sources = [source_of(stack), source_of(nuclei)]
    found = measured(request_for(stack, nuclei=sources[1]))
    assert found.columns["nuclei"].tolist() == [0, 1, 0]
    assert found.columns["cell_area_px"].tolist() == [16, 16, 6]
    assert found.columns["cytoplasm_area_px"][1] == 12
    assert (found.pairs.paired, found.pairs.cells_alone) == (1, 2)
    (before,) = check_planes(sources, found.planes, go_on)
    assert before == Checked(found.planes, found.fingerprints)
    nuclei[0, 0, 0] = 1
    (after,) = check_planes(sources, found.planes, go_on)
    assert after.fingerprints[0] != found.fingerprints[0]
    assert after.fingerprints[1] == found.fingerprints[1]


def test_lengths_are_those_of_the_pixels(stack: np.ndarray) -> None:
    found = measured(request_for(stack, spacing=(0.5, 2.0), unit="µm"))
    (area,) = (name for name in found.columns if name.startswith("area_um"))
    assert found.values(area).tolist() == [16.0, 16.0, 6.0]


def test_channels_are_read_at_the_plane_of_the_labels(stack: np.ndarray) -> None:
    image = np.stack([np.full((20, 30), 10.0), np.full((20, 30), 20.0)])
    request = request_for(stack, channels={"dna": lambda plane: image[plane]})
    means = measured(request).values("dna_mean")
    assert means.tolist() == [10.0, 20.0, 20.0]


def test_nothing_more_is_said_once_cancelled(stack: np.ndarray) -> None:
    answers = iter([False, True])
    events = list(measure_planes(request_for(stack), lambda: next(answers)))
    assert events == [PlaneMeasured(1, 2)]
    assert list(check_planes([source_of(stack)], ((0,),), lambda: True)) == []


def test_a_change_of_one_pixel_is_seen(stack: np.ndarray) -> None:
    found = measured(request_for(stack))
    (before,) = check_planes([source_of(stack)], found.planes, go_on)
    assert before == Checked(found.planes, found.fingerprints)
    stack[1, 0, 0] = 5
    (after,) = check_planes([source_of(stack)], found.planes, go_on)
    assert after.fingerprints[0] == found.fingerprints[0]
    assert after.fingerprints[1] != found.fingerprints[1]


def test_a_plane_that_is_gone_is_no_longer_the_same(stack: np.ndarray) -> None:
    found = measured(request_for(stack))
    (now,) = check_planes([source_of(stack[:1])], found.planes, go_on)
    assert now.fingerprints == (found.fingerprints[0], b"")


def test_the_table_is_saved_as_it_is(stack: np.ndarray, tmp_path: Path) -> None:
    found = measured(request_for(stack))
    path = tmp_path / "cells.csv"
    assert list(save_table(path, found.columns, go_on)) == [Saved(path)]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["5", "5", "9"]
