"""Results of stacks: only what is written takes room, watersheds come and go."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.widgets.drivers.fakes import fake_map, spots

from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.session.regions import WHOLE
from napari_dinocell.session.segment import stack_result as _stack_result
from napari_dinocell.session.segment.stack_result import PlaneRecord, StackResult
from napari_dinocell.session.segment.stack_storage import allocate_stack

RECORD = PlaneRecord(
    asked=SegmentConfig(),
    region=None,
    cell_diameter=None,
    device="cpu",
    precision="float32",
    threads=2,
    seconds=1.0,
    cells=1,
)


@pytest.fixture(autouse=True)
def temporary_files_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_small_stacks_and_single_planes_are_numpy() -> None:
    assert isinstance(allocate_stack((3, 4, 5), np.int32), np.ndarray)
    plane = allocate_stack((4, 5), np.int32, in_memory_pixels=2)
    assert isinstance(plane, np.ndarray)


def test_large_stacks_take_room_only_for_written_planes(tmp_path: Path) -> None:
    array = allocate_stack((1000, 2, 64, 64), np.int32, in_memory_pixels=1000)
    assert array.shape == (1000, 2, 64, 64)
    assert np.asarray(array[500, 1]).max() == 0
    array[500, 1, 10:20, 5:9] = 7
    part = np.asarray(array[500, 1, 9:11, 4:6])
    np.testing.assert_array_equal(part, [[0, 0], [0, 7]])
    chunks = [f for f in tmp_path.rglob("*") if f.is_file() and f.name != "zarr.json"]
    assert len(chunks) == 1


def test_folder_of_a_large_stack_goes_with_it(tmp_path: Path) -> None:
    array = allocate_stack((4, 64, 64), np.int32, in_memory_pixels=1000)
    array[0] = 1
    assert list(tmp_path.iterdir())
    del array
    assert not list(tmp_path.iterdir())


@pytest.fixture(params=["memory", "folder"])
def stack(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "folder":
        monkeypatch.setattr(
            _stack_result,
            "allocate_stack",
            lambda shape, dtype: allocate_stack(shape, dtype, in_memory_pixels=1),
        )
    return StackResult((3, 40, 50))


def test_reads_what_was_written(stack: StackResult) -> None:
    part = (slice(5, 10), slice(20, 30))
    stack.write_labels((1,), part, np.full((5, 10), 3, np.int32))
    stack.write_map((1,), part, np.full((5, 10), 0.5, np.float32))
    assert stack.read_labels((1,)).sum() == 150
    np.testing.assert_array_equal(stack.read_map((1,), part), 0.5)
    assert stack.read_labels((0,)).max() == 0
    stack.clear((1,))
    assert stack.read_map((1,)).max() == 0


def test_watershed_of_a_plane_that_was_dropped_is_made_again(
    stack: StackResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_stack_result, "WATERSHED_PIXELS", 2 * 40 * 50)
    plane = fake_map(spots((40, 50), [(20, 20)]))
    for number in range(3):
        stack.write_map((number,), WHOLE, plane)
        stack.finish((number,), RECORD, WatershedConfig())
        stack.watershed((number,))
    assert [stack.has_watershed((n,)) for n in range(3)] == [False, True, True]
    live = stack.watershed((0,)).ready_for(0.1)
    assert live.count(WatershedConfig()) == 1
    assert [stack.has_watershed((n,)) for n in range(3)] == [True, False, True]
