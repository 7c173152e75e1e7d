import pytest

from napari_dinocell.session.regions import (
    common_region,
    full_region,
    region_pixels,
    region_shape,
    shifted,
)

PART = (slice(2, 5), slice(10, 14))


def test_measures() -> None:
    assert full_region((3, 20, 30)) == (slice(0, 20), slice(0, 30))
    assert region_shape(PART) == (3, 4)
    assert region_pixels(PART) == 12


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ((slice(0, 100), slice(0, 100)), PART),
        ((slice(4, 9), slice(0, 11)), (slice(4, 5), slice(10, 11))),
        ((slice(5, 9), slice(0, 100)), None),
        ((slice(0, 9), slice(14, 20)), None),
    ],
    ids=["inside", "corner", "touching above", "touching beside"],
)
def test_common_region(other: tuple[slice, slice], expected: object) -> None:
    assert common_region(PART, other) == expected
    assert common_region(other, PART) == expected


def test_shifting_there_and_back() -> None:
    there = shifted(PART, rows=7, columns=-3)
    assert there == (slice(9, 12), slice(7, 11))
    assert shifted(there, rows=-7, columns=3) == PART
