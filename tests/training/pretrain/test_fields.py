"""What is found in folders, images and lists, and how lists are refused."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from dinocell_training.pretrain.fields import find_fields
from dinocell_training.pretrain.pieces import read_piece
from napari_dinocell.engine.errors import (
    ImageFileError,
    TrainingDataError,
)
from tests.training.pretrain.conftest import small_config


def _write(path, *, low=0, pages=(), shape=(40, 50)):
    """Noise above `low`, so that a reader can tell files apart by their darkest."""
    pixels = np.random.default_rng(low).integers(low, low + 50, (*pages, *shape))
    pixels[..., 0, 0] = low
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels.astype(np.uint16))
    return path


def _axes(letters):
    return {"photometric": "minisblack", "metadata": {"axes": letters}}


def _list(folder, *rows, columns="field,channel,file"):
    folder.mkdir(exist_ok=True)
    path = folder / "fields.csv"
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def _piece(field, seed=0, **changes):
    return read_piece(field, small_config(**changes), np.random.default_rng(seed))


def test_every_image_below_a_folder_is_a_field(tmp_path):
    _write(tmp_path / "a.tif")
    _write(tmp_path / "deep" / "b.tif")
    _write(tmp_path / "a_label.tif")
    names = [field.name for field in find_fields(tmp_path)]
    assert names == [str(tmp_path / "a.tif"), str(tmp_path / "deep" / "b.tif")]


def test_rows_of_a_list_that_share_a_field_are_its_channels(tmp_path):
    for name in ("dna", "actin", "er"):
        _write(tmp_path / f"{name}.tif")
    rows = ["w1,dna,dna.tif", "w2,dna,dna.tif", "w1,actin,actin.tif", "w1,er,er.tif"]
    first, second = find_fields(_list(tmp_path, *rows))
    assert [file.channel for file in first.files] == ["dna", "actin", "er"]
    assert (first.name, second.name, len(second.files)) == ("w1", "w2", 1)
    assert {len(_piece(first, seed)) for seed in range(3)} == {2}
    assert len(_piece(second)) == 1


def test_both_channels_show_the_same_place(tmp_path):
    """A window of two files that hold the same picture is the same."""
    _write(tmp_path / "one.tif", shape=(200, 300))
    rows = ["f,a,one.tif", "f,b,one.tif"]
    (field,) = find_fields(_list(tmp_path, *rows))
    first, second = _piece(field, window=64, clahe=False)
    assert first.shape == (64, 64)
    np.testing.assert_array_equal(first, second)
    assert (_piece(field, 1, window=64)[0] != first).any()


def test_pages_and_channels_can_be_listed(tmp_path):
    """The middle page of the third channel is the only one that is not empty."""
    pixels = np.zeros((3, 4, 40, 50), np.uint8)
    pixels[1, 2] = np.random.default_rng(0).integers(0, 255, (40, 50))
    tifffile.imwrite(tmp_path / "s.tif", pixels, **_axes("TCYX"))
    columns = "field,channel,file,page,index"
    (field,) = find_fields(_list(tmp_path, "f,x,s.tif,1,2", columns=columns))
    assert len(_piece(field)) == 1
    (field,) = find_fields(_list(tmp_path, "f,x,s.tif,0,2", columns=columns))
    assert _piece(field) == []
    for wrong, said in (("3,2", "page 3"), ("1,4", "channel 4")):
        row = f"f,x,s.tif,{wrong}"
        (field,) = find_fields(_list(tmp_path, row, columns=columns))
        with pytest.raises(TrainingDataError, match=said):
            _piece(field)


def test_two_channels_inside_one_file_are_drawn(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (4, 40, 50), np.uint8)
    tifffile.imwrite(tmp_path / "c.tif", pixels, **_axes("CYX"))
    (field,) = find_fields(tmp_path)
    first, second = _piece(field)
    assert (first != second).any()


def test_an_ome_zarr_is_read_piece_by_piece(tmp_path):
    """Of the finest level, in the channels and pages that its axes name."""
    zarr = pytest.importorskip("zarr")
    pixels = np.zeros((3, 2, 1, 80, 96), np.uint16)
    pixels[:, 1, 0] = np.random.default_rng(0).integers(50, 5000, (3, 80, 96))
    store = tmp_path / "field.ome.zarr"
    group = zarr.open_group(store, mode="w", zarr_format=2)
    group.create_array("0", data=pixels, chunks=(1, 1, 1, 32, 32))
    axes = [("t", "time"), ("c", "channel"), *((a, "space") for a in "zyx")]
    group.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": [{"name": name, "type": kind} for name, kind in axes],
            "datasets": [
                {
                    "path": "0",
                    "coordinateTransformations": [{"type": "scale", "scale": [1] * 5}],
                }
            ],
        }
    ]
    (field,) = find_fields(store)
    seen = [_piece(field, seed, window=64, clahe=False) for seed in range(4)]
    assert all(len(planes) == 1 for planes in seen)  # the other channel is empty
    assert {planes[0].shape for planes in seen} == {(64, 64)}
    assert len({planes[0].tobytes() for planes in seen}) == 4
    columns = "field,channel,file,page,index"
    row = "f,x,field.ome.zarr,2,1"
    (listed,) = find_fields(_list(tmp_path, row, columns=columns))
    (whole,) = _piece(listed, window=96, clahe=False)
    expected = pixels[2, 1, 0].astype(float)
    assert np.corrcoef(whole.ravel(), expected.ravel())[0, 1] > 0.999


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("f,dna,none.tif", "none.tif, named in .* line 2, does not exist"),
        (",dna,a.tif", "a field and a file in .* line 2"),
    ],
    ids=["missing_file", "no_name"],
)
def test_wrong_rows_are_named(tmp_path, row, said):
    _write(tmp_path / "a.tif")
    with pytest.raises(TrainingDataError, match=said):
        find_fields(_list(tmp_path, row))


def test_what_is_no_list_is_refused(tmp_path):
    with pytest.raises(TrainingDataError, match="columns field, channel, file"):
        find_fields(_list(tmp_path, "a,b", columns="image,label"))
    with pytest.raises(TrainingDataError, match="lists no field"):
        find_fields(_list(tmp_path))
    with pytest.raises(TrainingDataError, match="does not exist"):
        find_fields(tmp_path / "nothing")
    with pytest.raises(ImageFileError, match="No image"):
        find_fields(tmp_path)


def test_channels_of_different_sizes_are_refused(tmp_path):
    _write(tmp_path / "a.tif")
    _write(tmp_path / "b.tif", shape=(41, 50))
    (field,) = find_fields(_list(tmp_path, "f,a,a.tif", "f,b,b.tif"))
    with pytest.raises(TrainingDataError, match="files of one size for the field 'f'"):
        _piece(field)
