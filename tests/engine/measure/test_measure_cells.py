"""Measurements of cells are those of regionprops, for any labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage as ndi
from skimage.measure import regionprops

from napari_dinocell.engine.measure.measure_cells import BOX, measure_cells

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]

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
    known = oracle(labels, image, spacing)
    for name, expected in known.items():
        if name != "orientation":
            np.testing.assert_allclose(
                plain[name], expected, rtol=1e-9, atol=1e-9, err_msg=name
            )
    turned = known["orientation"] - plain["orientation"]
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


@given(
    npst.arrays(
        st.sampled_from([np.int32, np.uint8, np.int64]),
        npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
        elements=st.sampled_from([0, 0, 3, 7, 100]),
    ),
    st.sampled_from([PIXELS, (0.25, 0.25), (0.5, 2.0)]),
)
@settings(max_examples=300)
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
