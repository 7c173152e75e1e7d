"""What measurements are called, what they do at the edges of what can be measured."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.engine.measure.measure_cells import measure_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPE_COLUMNS = [
    "label",
    "area_px",
    "perimeter_px",
    "equivalent_diameter_px",
    "eccentricity",
    "solidity",
    "orientation_rad",
    "centroid_y_px",
    "centroid_x_px",
    "min_row",
    "min_column",
    "max_row",
    "max_column",
    "touches_border",
    "neighbours",
]


def random_labels(seed: int, *, sigma: float = 2, size: int = 120) -> NDArray[np.int32]:
    """Blobs of all shapes with holes, some cut in two, with gaps between the ids."""
    rng = np.random.default_rng(seed)
    noise = ndi.gaussian_filter(rng.standard_normal((size, size + 17)), sigma)
    blobs, _ = ndi.label(noise > 0)
    quarters = 1 + (np.indices(blobs.shape) // 31).sum(0) % 3
    return np.where(blobs, 7 * blobs + quarters, 0).astype(np.int32)


def picture(*rows: str) -> NDArray[np.int32]:
    return np.array([[int(c) for c in row.replace(".", "0")] for row in rows], np.int32)


def test_columns_come_in_their_order_with_units() -> None:
    labels = random_labels(0)
    image = labels.astype(np.float32)
    assert list(measure_cells(labels)) == SHAPE_COLUMNS
    found = measure_cells(
        labels,
        channels={"dna": image},
        distance=image,
        spacing=(0.5, 0.5),
        unit="µm",
    )
    assert list(found)[:4] == [
        "label",
        "area_um2",
        "perimeter_um",
        "equivalent_diameter_um",
    ]
    assert list(found)[-6:] == [
        "dna_mean",
        "dna_min",
        "dna_max",
        "dna_std",
        "dna_integrated",
        "confidence",
    ]
    assert "area_nm2" in measure_cells(labels, spacing=(5, 5), unit="nm")


def test_only_ids_that_occur_ascending() -> None:
    found = measure_cells(picture("9..", "..2", "5.."))
    assert found["label"].tolist() == [2, 5, 9]
    assert {len(values) for values in found.values()} == {3}


@pytest.mark.parametrize("shape", [(5, 4), (0, 4), (4, 0), (0, 0)])
def test_no_cells_give_empty_columns(shape: tuple[int, int]) -> None:
    nothing = np.zeros(shape, np.int32)
    found = measure_cells(nothing, channels={"dna": nothing}, distance=nothing)
    full = measure_cells(random_labels(0))
    assert list(found)[: len(full)] == list(full)
    assert {len(values) for values in found.values()} == {0}
    assert {n: v.dtype for n, v in found.items() if n in full} == {
        n: v.dtype for n, v in full.items()
    }


def test_single_pixels_are_finite() -> None:
    found = measure_cells(
        picture("1.2", "...", "3.."), channels={"a": np.ones((3, 3), np.uint8)}
    )
    assert found["eccentricity"].tolist() == [0, 0, 0]
    assert found["solidity"].tolist() == [1, 1, 1]
    assert found["a_std"].tolist() == [0, 0, 0]
    assert all(np.isfinite(values).all() for values in found.values())


def test_huge_ids_need_no_more_memory() -> None:
    labels = np.zeros((40, 40), np.int64)
    for number, cell in enumerate((1_000_000, 2**40, 2**62)):
        labels[10 * number : 10 * number + 5, 3:9] = cell
    tracemalloc.start()
    found = measure_cells(labels, channels={"dna": labels})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["label"].tolist() == [1_000_000, 2**40, 2**62]
    assert found["area_px"].tolist() == [30, 30, 30]
    assert peak < 5e6


def test_pixels_without_a_value_are_left_out() -> None:
    labels = picture("1122", "1133")
    image = np.array([[1, 3, np.nan, 5], [np.inf, 5, np.nan, -np.inf]])
    found = measure_cells(labels, channels={"dna": image}, distance=image)
    np.testing.assert_array_equal(found["dna_mean"], [3, 5, np.nan])
    np.testing.assert_array_equal(found["dna_min"], [1, 5, np.nan])
    np.testing.assert_array_equal(found["dna_max"], [5, 5, np.nan])
    np.testing.assert_allclose(found["dna_std"], [np.std([1, 3, 5]), 0, np.nan])
    np.testing.assert_array_equal(found["dna_integrated"], [9, 5, 0])
    np.testing.assert_array_equal(found["confidence"], [5, 5, np.nan])


def test_large_values_keep_their_deviation() -> None:
    """Differences of sums of squares would give 0, or the root of a negative."""
    labels = np.ones((50, 50), np.int32)
    image = 1e9 + np.random.default_rng(0).normal(0, 1, labels.shape)
    found = measure_cells(labels, channels={"dna": image})
    assert found["dna_std"][0] == pytest.approx(image.std(), rel=1e-9)


def test_confidence_is_the_peak_of_the_distance() -> None:
    labels = random_labels(5)
    distance = np.random.default_rng(2).random(labels.shape, np.float32)
    found = measure_cells(labels, distance=distance)
    expected = ndi.maximum(distance, labels, found["label"])
    np.testing.assert_array_equal(found["confidence"], expected.astype(float))


def test_perimeter_of_a_bar_of_flat_pixels() -> None:
    """Steps along it have the width of a pixel, steps across it the height."""
    labels = np.zeros((9, 30), np.int32)
    labels[3:6, 5:25] = 1
    found = measure_cells(labels, spacing=(0.5, 2.0))
    assert found["perimeter_um"][0] == pytest.approx(2 * 19 * 2.0 + 2 * 2 * 0.5)


@pytest.mark.parametrize(
    "arrange",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a.astype(np.uint64),
        lambda a: a[::-1][::-1],
    ],
    ids=["fortran", "strided", "uint64", "flipped twice"],
)
def test_memory_layout_does_not_matter(arrange: Any) -> None:
    labels = random_labels(2)
    image = labels % 13
    expected = measure_cells(labels, channels={"dna": image}, distance=image)
    arranged = arrange(image)
    found = measure_cells(
        arrange(labels), channels={"dna": arranged}, distance=arranged
    )
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize(
    ("labels", "options", "match"),
    [
        (np.zeros((2, 3, 3), int), {}, r"\(Y, X\)"),
        (np.zeros((3, 3)), {}, "integer dtype"),
        (np.zeros((3, 3), bool), {}, "integer dtype"),
        (np.full((3, 3), -1), {}, ">= 0"),
        (np.ones((3, 3), int), {"channels": {"dna": np.ones((3, 4))}}, "'dna'"),
        (np.ones((3, 3), int), {"distance": np.ones((4, 3))}, "distance map"),
        (
            np.ones((3, 3), int),
            {"channels": {"dna": np.ones((3, 3), complex)}},
            "real values",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(
    labels: NDArray[Any], options: dict[str, Any], match: str
) -> None:
    with pytest.raises(ImageError, match=match):
        measure_cells(labels, **options)


@pytest.mark.parametrize("spacing", [(0, 1), (1, -1), (np.nan, 1), (1, np.inf), (1,)])
def test_spacing_has_to_be_two_lengths(spacing: Any) -> None:
    with pytest.raises(SettingsError, match="two positive numbers"):
        measure_cells(np.ones((3, 3), int), spacing=spacing)
