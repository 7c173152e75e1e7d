"""What is written is read back equal, whatever its type, axes and number of pages."""

from __future__ import annotations

from typing import Any

import numpy as np
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.labels.label_files import open_label_file
from napari_dinocell.engine.labels.label_stack import LabelStack
from napari_dinocell.engine.results.export_labels import export_labels

DTYPES = ["u1", "u2", "u4", "i2", "i4", "f4", "f8", ">u2"]


@st.composite
def stacks(draw: Any) -> tuple[np.ndarray, str]:
    """Pixels (..., Y, X) with up to three leading axes, and all axes."""
    leading = draw(st.sampled_from(["", "T", "Z", "TZ", "C", "TC", "ZC", "TZC"]))
    counts = [draw(st.integers(2, 3)) for _ in leading]
    plane = [draw(st.integers(17, 40)) for _ in "YX"]
    chance = np.random.default_rng(draw(st.integers(0, 9)))
    pixels = chance.integers(0, 120, (*counts, *plane))
    return pixels.astype(draw(st.sampled_from(DTYPES))), f"{leading}YX"


@settings(max_examples=60)
@given(
    stack=stacks(),
    compression=st.sampled_from([None, "zlib", "lzw", "zstd"]),
    tile=st.sampled_from([None, (16, 16)]),
    ome=st.booleans(),
)
def test_tiff(tmp_path_factory, stack, compression, tile, ome):
    pixels, axes = stack
    path = tmp_path_factory.mktemp("tiff") / ("a.ome.tif" if ome else "a.tif")
    tifffile.imwrite(
        path, pixels, photometric="minisblack", compression=compression, tile=tile,
        ome=ome, metadata={"axes": axes},
        byteorder=">" if ">" in pixels.dtype.str else None,
    )  # fmt: skip
    image = open_image(path)
    assert image.axes == axes
    found = np.stack(list(image.pages())).reshape(pixels.shape)
    np.testing.assert_array_equal(found, pixels)


@settings(max_examples=40)
@given(
    key=st.sampled_from(["tif", "ome.tif", "npy"]),
    axes=st.sampled_from(["", "T", "Z", "TZ"]),
    largest=st.sampled_from([3, 300, 70_000]),
    unit=st.sampled_from(["µm", "nm", None]),
    t=st.sampled_from([None, 0.5, 30.0]),
    seed=st.integers(0, 9),
)
def test_labels(tmp_path_factory, key, axes, largest, unit, t, seed):
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, largest + 1, (*range(2, 2 + len(axes)), 19, 23))
    size = PixelSize(
        y=0.25, x=0.5, z=2.0 if "Z" in axes else None, unit=unit,
        t=t if "T" in axes else None,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("labels") / f"a.{key}"
    export_labels(path, labels, key, axes=axes, pixel_size=size)
    with open_label_file(path) as file:
        pages = [page.labels for page in LabelStack(file.labels).pages()]
        np.testing.assert_array_equal(np.stack(pages).reshape(labels.shape), labels)
        if key == "npy":
            return
        assert file.page_axes == axes
        found = file.pixel_size
    assert found is not None
    assert (found.unit, found.z, found.t) == (size.unit, size.z, size.t)
    np.testing.assert_allclose((found.y, found.x), (size.y, size.x), rtol=1e-6)
