"""Plates: which images wells and fields stand for."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from tests.ome_zarr_stores import write_group, write_image, write_plate

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.find_images import find_images, search_images
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.ome_zarr.plate import FieldChoice, fields_of

PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.fixture(params=["0.4", "0.5"])
def plate(request, tmp_path):
    wells = {
        "A/01": [PIXELS], "B/02": [PIXELS, PIXELS + 1], "B/03": [PIXELS + 2, PIXELS],
    }  # fmt: skip
    return write_plate(tmp_path / "plate.zarr", wells, version=request.param)


@pytest.mark.parametrize(
    ("wells", "fields", "found"),
    [
        ((), (), ["A/01/0", "B/02/0", "B/02/1", "B/03/0", "B/03/1"]),
        (("B/*",), (0,), ["B/02/0", "B/03/0"]),
        (("b03", "A/01"), (), ["A/01/0", "B/03/0", "B/03/1"]),
        ((), (1,), ["B/02/1", "B/03/1"]),
        (("?/02",), (1, 0), ["B/02/1", "B/02/0"]),
    ],
)
def test_chosen_wells_and_fields(plate, wells, fields, found):
    assert fields_of(plate, FieldChoice(wells=wells, fields=fields)) == found


def test_plates_become_their_images(plate, tmp_path):
    images = search_images([plate], choice=FieldChoice(wells=("B03",), fields=(0,)))
    (one,) = images
    assert (one.title, one.stem) == ("plate.zarr/B/03/0", "plate_B_03_0")
    np.testing.assert_array_equal(next(open_image(one.address).pages()), PIXELS + 2)
    assert len(find_images([tmp_path])) == 5


def test_one_well_is_given_by_its_folder(plate):
    assert [image.title for image in search_images([plate / "B" / "02"])] == [
        "02/0", "02/1",
    ]  # fmt: skip


def test_a_well_that_is_gone_stands_for_its_images(plate):
    shutil.rmtree(plate / "B" / "02")
    images = search_images([plate])
    assert [i.inside for i in images] == ["A/01/0", "B/02", "B/03/0", "B/03/1"]
    with pytest.raises(ImageFileError, match="does not exist"):
        open_image(images[1].address)


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (FieldChoice(wells=("Z/*",)), "No well of .* Z/.* It has A/01, B/02, B/03"),
        (FieldChoice(fields=(7,)), "has a field 7. They are counted from 0"),
    ],
)
def test_a_choice_of_nothing_is_an_error(plate, choice, text):
    with pytest.raises(ImageFileError, match=text):
        search_images([plate], choice=choice)


def test_wells_of_what_is_no_plate(tmp_path):
    path = write_image(tmp_path / "a.zarr", PIXELS, "yx")
    with pytest.raises(ImageFileError, match="none of the images is a plate"):
        search_images([path], choice=FieldChoice(wells=("A/1",)))


def test_plates_and_wells_are_no_single_images(plate):
    for path, noun in ((plate, "a plate"), (plate / "B" / "02", "a well")):
        with pytest.raises(ImageFileError, match=f"is {noun}. Expected one image"):
            open_image(path)


def test_a_plate_without_a_list_of_wells(tmp_path):
    path = write_group(tmp_path / "p.zarr", {"plate": {"rows": []}})
    with pytest.raises(ImageFileError, match="does not list its wells"):
        fields_of(path)
