"""Nuclei and cells under the same ids, and their measurements side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import napari_dinocell
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.measure.measure_cells import BOX, measure_cells
from napari_dinocell.engine.pairs.measure_pairs import measure_pairs
from napari_dinocell.engine.pairs.pair import PairCounts, pair_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE, TWO, BARE = 7, 900, 4


def boxes(**places: tuple[int, int, int, int]) -> NDArray[np.uint16]:
    """(20, 40) with rectangles (top, bottom, left, right) by id, written c7, n3."""
    labels = np.zeros((20, 40), np.uint16)
    for name, (top, bottom, left, right) in places.items():
        labels[top:bottom, left:right] = int(name[1:])
    return labels


CELLS = boxes(c7=(2, 12, 2, 12), c900=(2, 12, 12, 24), c4=(2, 12, 28, 38))
NUCLEI = boxes(
    n3=(4, 8, 4, 8),  # in 7
    n5=(4, 8, 10, 16),  # two thirds in 900
    n6=(9, 11, 18, 20),  # in 900, too
    n8=(10, 16, 30, 34),  # a third in 4: nobody's
    n9=(16, 18, 2, 5),  # in no cell
)


def test_a_nucleus_gets_the_id_of_the_cell_that_has_most_of_it() -> None:
    pairs = pair_cells(CELLS, NUCLEI)
    assert set(np.unique(pairs.nuclei[NUCLEI == 3])) == {ONE}
    assert set(np.unique(pairs.nuclei[np.isin(NUCLEI, (5, 6))])) == {TWO}
    assert not pairs.nuclei[np.isin(NUCLEI, (0, 8, 9))].any()
    assert pairs.nuclei.dtype == pairs.cytoplasm.dtype == CELLS.dtype
    np.testing.assert_array_equal(pairs.owners, [ONE, TWO, TWO, 0, 0])


def test_cytoplasm_is_the_cell_without_any_nucleus() -> None:
    pairs = pair_cells(CELLS, NUCLEI)
    expected = np.where(np.isin(CELLS, (ONE, TWO)) & (NUCLEI == 0), CELLS, 0)
    np.testing.assert_array_equal(pairs.cytoplasm, expected)


def test_what_has_no_partner_is_counted() -> None:
    counts = pair_cells(CELLS, NUCLEI).counts
    assert counts == PairCounts(paired=2, several=1, cells_alone=1, nuclei_alone=2)
    assert str(counts + counts) == (
        "4 cells with a nucleus (2 with several), 2 without; 4 nuclei without a cell."
    )


def test_of_two_cells_with_half_of_a_nucleus_each_the_lower_id_has_it() -> None:
    cells = boxes(c9=(0, 10, 0, 10), c2=(0, 10, 10, 20))
    assert pair_cells(cells, boxes(n1=(3, 6, 8, 12))).owners.tolist() == [2]


def test_ids_of_any_size_are_kept() -> None:
    cells = CELLS.astype(np.int64) * 2**31
    pairs = pair_cells(cells, NUCLEI.astype(np.uint32) * 1_000_003)
    np.testing.assert_array_equal(
        pairs.nuclei, pair_cells(CELLS, NUCLEI).nuclei * np.int64(2**31)
    )


@pytest.mark.parametrize("empty", ["cells", "nuclei", "both"])
def test_nothing_to_pair(empty: str) -> None:
    nothing = np.zeros_like(CELLS)
    cells = CELLS if empty == "nuclei" else nothing
    nuclei = NUCLEI if empty == "cells" else nothing
    pairs = pair_cells(cells, nuclei)
    assert not pairs.nuclei.any()
    assert not pairs.cytoplasm.any()
    expected = {
        "cells": PairCounts(nuclei_alone=5),
        "nuclei": PairCounts(cells_alone=3),
        "both": PairCounts(),
    }
    assert pairs.counts == expected[empty]
    table = measure_pairs(pairs)
    assert len(table["nucleus_area_px"]) == (3 if empty == "nuclei" else 0)


@pytest.mark.parametrize(
    ("cells", "nuclei", "said"),
    [
        (CELLS, NUCLEI[1:], r"of one shape, got \(20, 40\) and \(19, 40\)"),
        (np.stack([CELLS] * 2), np.stack([NUCLEI] * 2), "plane by plane"),
        (CELLS, NUCLEI.astype(float), "nucleus labels of an integer dtype"),
        (CELLS.astype(int) - 1, NUCLEI, "cell labels >= 0, got -1"),
    ],
)
def test_what_are_no_labels_of_one_image_is_said(
    cells: Any, nuclei: Any, said: str
) -> None:
    with pytest.raises(ImageError, match=said):
        pair_cells(cells, nuclei)


def test_each_part_is_measured_as_labels_of_their_own_would_be() -> None:
    pairs = napari_dinocell.pair_cells(CELLS, NUCLEI)
    image = np.arange(CELLS.size, dtype=np.float32).reshape(CELLS.shape)
    more: dict[str, Any] = {"channels": {"dna": image}, "spacing": (0.5, 0.25)}
    table = measure_pairs(pairs, distance=image / CELLS.size, **more)
    assert table["label"].tolist() == [BARE, ONE, TWO]
    assert table["nuclei"].tolist() == [0, 1, 2]
    whole = measure_cells(CELLS, distance=image / CELLS.size, **more)
    nuclei = measure_cells(pairs.nuclei, **more)
    cytoplasm = measure_cells(pairs.cytoplasm, **more)
    for name in BOX:
        np.testing.assert_array_equal(table[name], whole[name])
    others = [name for name in whole if name not in ("label", *BOX)]
    for name in others:
        np.testing.assert_array_equal(table[f"cell_{name}"], whole[name])
    assert "nucleus_confidence" not in table
    for name in (name for name in others if name in nuclei):
        np.testing.assert_array_equal(table[f"nucleus_{name}"][1:], nuclei[name])
        np.testing.assert_array_equal(table[f"cytoplasm_{name}"][1:], cytoplasm[name])
        assert np.isnan(table[f"nucleus_{name}"][0])
    assert {"cell_dna_mean", "nucleus_area_um2", "cytoplasm_dna_std"} <= table.keys()
