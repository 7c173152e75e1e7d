"""Names of results, and images that are no files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from tests.cli.conftest import FakeSegmenter, discs
from tests.engine.batch.conftest import THREE, TWO, Bench

from napari_dinocell.engine.batch.array_image import ArrayImage
from napari_dinocell.engine.batch.targets import (
    MemoryImage,
    file_name_of,
    plan_targets,
)
from napari_dinocell.engine.errors import ExportError, ImageError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.results import provenance

if TYPE_CHECKING:
    from napari_dinocell.engine.images.image_file import ImageFile


def in_memory(name: str, data: np.ndarray, axes: str) -> MemoryImage:
    image = ArrayImage(
        path=Path(name),
        axes=axes,
        shape=data.shape,
        dtype=data.dtype,
        pixel_size=PixelSize(y=0.5, x=0.25),
        read=lambda index: data[index],
    )
    return MemoryImage(name, lambda: image)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cells", "cells"),
        ("Zellen Größe 3", "Zellen_Größe_3"),
        ("../../etc/passwd", "etc_passwd"),
        ("a.b [1]", "a.b_1"),
        ("C:\\x?*", "C_x"),
        ("...", "image"),
        ("", "image"),
        ("x" * 300, "x" * 100),
    ],
)
def test_any_text_becomes_a_file_name(text: str, name: str) -> None:
    assert file_name_of(text) == name


def test_images_in_memory_are_named_like_files(tmp_path: Path) -> None:
    image = in_memory("cells.v2 [1]", discs(), "YX")
    targets = plan_targets([tmp_path / "a.ome.tif", image], tmp_path, "npy")
    names = [target.labels.name for target in targets]
    assert names == ["a_labels.npy", "cells.v2_1_labels.npy"]
    assert [target.name for target in targets] == ["a.ome.tif", "cells.v2 [1]"]


def test_two_names_that_become_one_are_refused(tmp_path: Path) -> None:
    images = [in_memory("a b", discs(), "YX"), in_memory("A/b", discs(), "YX")]
    with pytest.raises(ExportError, match="would both be written"):
        plan_targets(images, tmp_path, "tif")


def test_stack_in_memory_goes_page_by_page(bench: Bench) -> None:
    stack = np.stack([discs(*TWO), discs(*THREE)])
    events = bench.run([in_memory("movie", stack, "TYX")])
    assert events[-1].row.cells == 5
    labels = open_image(bench.out / "movie_labels.tif")
    assert labels.axes == "TYX"
    assert labels.pixel_size is not None
    assert (labels.pixel_size.y, labels.pixel_size.x) == pytest.approx((0.5, 0.25))


def test_channels_and_colours_in_memory(bench: Bench) -> None:
    bench.config = replace(bench.config, channel=1)
    two = np.stack([discs(), discs(*TWO)])
    events = bench.run(
        [
            in_memory("channels", two, "CYX"),
            in_memory("rgb", np.stack([discs(), discs(*THREE), discs()], -1), "YXS"),
            in_memory("grey", discs(), "YX"),
        ]
    )
    rows = [event.row for event in events if hasattr(event, "row")]
    assert [row.cells for row in rows] == [2, 3, None]
    assert rows[2].status == "failed"
    assert tifffile.imread(bench.out / "rgb_labels.tif").shape == (40, 60)


def test_same_pixels_are_skipped_and_others_not(bench: Bench) -> None:
    def status(data: np.ndarray, axes: str = "YX") -> str:
        images = [in_memory("cells", data, axes)]
        return str(bench.run(images, resume=True)[-1].row.status)

    assert status(discs(*TWO)) == "done"
    assert status(discs(*TWO)) == "skipped"
    assert status(discs(*TWO).astype(np.int8)) == "done"
    assert status(discs(*THREE)) == "done"
    assert status(discs(*THREE)[None], "TYX") == "done"


def test_large_image_in_memory_is_never_taken_for_another(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "HASHED_BYTES", 10)
    for _ in range(2):
        bench.run([in_memory("cells", discs(*TWO), "YX")], resume=True)
    assert len(FakeSegmenter.calls) == 2


def test_pixels_that_cannot_be_read_fail_the_image_alone(bench: Bench) -> None:
    def read(_: Any) -> np.ndarray:
        raise OSError("the server is gone")

    broken = ArrayImage(
        path=Path("lazy"), axes="YX", shape=(40, 60), dtype=np.dtype("u1"), read=read
    )

    def refuse() -> ImageFile:
        raise ImageError("Expected an image of real numbers.")

    events = bench.run(
        [
            MemoryImage("lazy", lambda: broken),
            MemoryImage("mask", refuse),
            in_memory("fine", discs(*TWO), "YX"),
        ]
    )
    rows = [event.row for event in events if hasattr(event, "row")]
    assert [row.status for row in rows] == ["failed", "failed", "done"]
    assert "'lazy' cannot be read: the server is gone" in rows[0].remark
    assert rows[1].remark == "Expected an image of real numbers."
