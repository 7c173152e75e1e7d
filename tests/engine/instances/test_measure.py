"""Measurements of cells are those of regionprops, for any labels."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage as ndi
from skimage.measure import regionprops

from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.engine.instances.measure import BOX, measure_cells

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]

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
PIXELS = (1.0, 1.0)


def oracle(
    labels: NDArray[Any], image: NDArray[Any], spacing: tuple[float, float] = PIXELS
) -> Columns:
    """The columns, without a unit in their names, that regionprops has."""
    height, width = labels.shape
    rows = [
        {
            "label": cell.label,
            "area": cell.area,
            "equivalent_diameter": cell.equivalent_diameter_area,
            "eccentricity": cell.eccentricity,
            "solidity": cell.solidity,
            "orientation": cell.orientation,
            "centroid_y": cell.centroid[0],
            "centroid_x": cell.centroid[1],
            **dict(zip(BOX, cell.bbox, strict=True)),
            "touches_border": 0 in cell.bbox[:2]
            or cell.bbox[2] == height
            or cell.bbox[3] == width,
            "dna_mean": cell.intensity_mean,
            "dna_min": cell.intensity_min,
            "dna_max": cell.intensity_max,
            "dna_std": cell.intensity_std,
            "dna_integrated": cell.image_intensity.sum(),
            **({"perimeter": cell.perimeter} if spacing[0] == spacing[1] else {}),
        }
        for cell in regionprops(labels, image, spacing=spacing)
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def assert_as_oracle(
    labels: NDArray[Any], image: NDArray[Any], spacing: tuple[float, float] = PIXELS
) -> None:
    found = measure_cells(labels, channels={"dna": image}, spacing=spacing)
    plain = {without_unit(name): values for name, values in found.items()}
    for name, expected in oracle(labels, image, spacing).items():
        if name != "orientation":
            np.testing.assert_allclose(
                plain[name], expected, rtol=1e-9, atol=1e-9, err_msg=name
            )
    turned = oracle(labels, image, spacing)["orientation"] - plain["orientation"]
    is_long = plain["eccentricity"] > 1e-3  # else rounding alone chooses an axis
    distance = np.abs((turned[is_long] + np.pi / 2) % np.pi - np.pi / 2)
    np.testing.assert_allclose(distance, 0, atol=1e-4)


def without_unit(name: str) -> str:
    for unit in ("_um2", "_um", "_rad"):
        name = name.removesuffix(unit)
    return name


def neighbours_plainly(labels: NDArray[Any]) -> dict[int, int]:
    """The definition: ids in the 8-neighbourhood of the cell."""
    counts = {}
    for cell in np.unique(labels[labels != 0]):
        around = ndi.binary_dilation(labels == cell, np.ones((3, 3)))
        counts[int(cell)] = len(set(labels[around]) - {0, cell})
    return counts


def random_labels(seed: int, *, sigma: float = 2, size: int = 120) -> NDArray[np.int32]:
    """Blobs of all shapes with holes, some cut in two, with gaps between the ids."""
    rng = np.random.default_rng(seed)
    noise = ndi.gaussian_filter(rng.standard_normal((size, size + 17)), sigma)
    blobs, _ = ndi.label(noise > 0)
    quarters = 1 + (np.indices(blobs.shape) // 31).sum(0) % 3
    return np.where(blobs, 7 * blobs + quarters, 0).astype(np.int32)


def picture(*rows: str) -> NDArray[np.int32]:
    return np.array([[int(c) for c in row.replace(".", "0")] for row in rows], np.int32)


@given(
    npst.arrays(
        st.sampled_from([np.int32, np.uint8, np.int64]),
        npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
        elements=st.sampled_from([0, 0, 3, 7, 100]),
    ),
    st.sampled_from([PIXELS, (0.25, 0.25), (0.5, 2.0)]),
)
@settings(max_examples=300, deadline=None)
def test_small_labels_are_measured_as_by_regionprops(
    labels: NDArray[Any], spacing: tuple[float, float]
) -> None:
    image = np.arange(labels.size, dtype=np.uint16).reshape(labels.shape) ** 2
    if labels.any():
        assert_as_oracle(labels, image, spacing)
    found = measure_cells(labels)
    counts = dict(zip(found["label"], found["neighbours"], strict=True))
    assert counts == neighbours_plainly(labels)


@pytest.mark.parametrize("spacing", [PIXELS, (0.3, 0.3), (0.2, 0.7)])
@pytest.mark.parametrize("sigma", [1, 2, 6])
def test_blobs_are_measured_as_by_regionprops(
    sigma: float, spacing: tuple[float, float]
) -> None:
    labels = random_labels(0, sigma=sigma)
    image = np.random.default_rng(1).normal(1000, 30, labels.shape)
    assert_as_oracle(labels, image, spacing)


def test_large_planes_are_measured_in_bands() -> None:
    """Larger than one band of rows, with cells across the borders of bands."""
    labels = np.kron(random_labels(3, sigma=4), np.ones((7, 7), np.int32))
    image = np.random.default_rng(1).integers(0, 4096, labels.shape).astype(np.uint16)
    assert_as_oracle(labels, image)


@pytest.mark.parametrize(
    "name", ["dsb2018/fluo", "bbbc009_dic_rbc/", "usiigaci_phase/"]
)
def test_real_cells_are_measured_as_by_regionprops(
    shared_data: Path, name: str
) -> None:
    folder, _, start = name.partition("/")
    path = sorted((shared_data / folder).glob(f"{start}*_label.png"))[0]
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    image = np.random.default_rng(0).integers(0, 256, labels.shape).astype(np.uint8)
    assert_as_oracle(labels, image)
    assert_as_oracle(labels, image, (0.65, 0.5))


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
