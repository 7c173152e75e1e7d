"""Examples made ready: scale, contrast, split, views."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_training.corrections.folder import Corrections, Origin
from dinocell_training.finetune.config import FinetuneConfig
from dinocell_training.finetune.data import prepare_examples, split_examples
from dinocell_training.finetune.views import count_tiles, make_views
from napari_dinocell.engine.config import ContrastConfig, SegmentConfig
from napari_dinocell.engine.contrast.preprocess import (
    adjust_contrast,
    intensity_limits,
)
from tests.training.conftest import draw_cells
from tests.training.finetune.conftest import add_cells


@pytest.fixture
def folder(tmp_path) -> Corrections:
    return Corrections(tmp_path / "corrections")


def scale_of(folder: Corrections) -> float:
    return prepare_examples(folder, 30.0)[0][-1].scale


@pytest.mark.parametrize(
    ("asked", "measured", "scale"),
    [
        pytest.param(60.0, 20.0, 0.5, id="what the user set comes first"),
        pytest.param("auto", 20.0, 1.5, id="then the plane's cells"),
        pytest.param(None, 20.0, 1.0, id="images as they are, if so wished"),
    ],
)
def test_the_scale_is_that_of_inference(folder, asked, measured, scale):
    settings = SegmentConfig(cell_diameter=asked)
    origin = Origin(image="a", settings=settings, measured_diameter=measured)
    add_cells(folder, 0, origin=origin)
    assert scale_of(folder) == scale


def test_without_a_measurement_the_crops_own_cells_tell(folder):
    labels = np.zeros((200, 200), np.uint16)
    for cell, (y, x) in enumerate([(20, 20), (20, 90), (90, 20), (90, 90)], 1):
        labels[y : y + 20, x : x + 20] = cell
    image = labels.astype(np.uint8)
    add_cells(folder, 0, image=image, labels=labels, origin=Origin(image="a"))
    expected = 30 / np.sqrt(400 * 4 / np.pi)
    assert scale_of(folder) == pytest.approx(expected)
    # too few to tell: the other examples do
    add_cells(
        folder, 0, image=image, labels=labels * (labels == 2), origin=Origin(image="b")
    )
    assert scale_of(folder) == pytest.approx(expected)


def test_large_cells_weigh_more_since_crops_cut_them(folder):
    """Two of 60 pixels that lie inside stand for many more that do not."""
    labels = np.zeros((100, 100), np.uint16)
    labels[2:62, 2:62] = 1
    labels[35:95, 65:95] = 2
    for cell, x in enumerate((5, 20, 35), 3):
        labels[80:86, x : x + 6] = cell
    add_cells(folder, 0, labels=labels, image=labels, origin=Origin(image="a"))
    assert scale_of(folder) < 1


def test_the_contrast_is_that_of_the_whole_plane(folder):
    plane = np.random.default_rng(0).integers(0, 4000, (200, 200)).astype(np.uint16)
    plane[:100] //= 8
    config = ContrastConfig(clahe=False)
    limits = intensity_limits(plane, config)
    origin = Origin(
        image="a",
        settings=SegmentConfig(contrast=config),
        intensity_limits=limits,
        measured_diameter=30.0,
    )
    labels = np.zeros((80, 96), np.uint16)
    labels[20:40, 20:40] = 1
    add_cells(folder, 0, image=plane[:80, :96], labels=labels, origin=origin)
    (example,), _ = prepare_examples(folder, 30.0)
    seen = adjust_contrast(plane, config).image[:80, :96]
    np.testing.assert_array_equal(example.image.image, seen)


def test_whole_images_are_held_out(folder):
    for seed in range(10):
        add_cells(folder, seed, origin=Origin(image=f"image{seed // 2}"))
    examples, _ = prepare_examples(folder, 14.0)
    train, held = split_examples(examples, share=0.2, seed=0)
    assert len(held) == 2
    assert {e.source for e in held}.isdisjoint(e.source for e in train)
    assert split_examples(examples, share=0.2, seed=0)[1] == held
    others = [split_examples(examples, share=0.2, seed=s)[1] for s in range(8)]
    assert any(other != held for other in others)


def test_crops_of_a_single_image_are_held_out_one_by_one(folder):
    for seed in range(5):
        add_cells(folder, seed, origin=Origin(image="one"))
    examples, _ = prepare_examples(folder, 14.0)
    train, held = split_examples(examples, share=0.2, seed=0)
    assert (len(train), len(held)) == (4, 1)


def test_an_image_with_most_examples_is_not_held_out(folder):
    for seed, image in enumerate("aaaaabbc"):
        add_cells(folder, seed, origin=Origin(image=image))
    examples, _ = prepare_examples(folder, 14.0)
    for seed in range(5):
        held = split_examples(examples, share=0.2, seed=seed)[1]
        assert {e.source for e in held} <= {"b", "c"}


def test_the_first_views_are_the_eight_orientations(folder):
    image, labels = draw_cells(0, (64, 64))
    add_cells(folder, 0, image=image, labels=labels)
    (example,), _ = prepare_examples(folder, 14.0)
    config = FinetuneConfig(tile_size=64)
    views = list(make_views(example, 8, config, np.random.default_rng(0)))
    assert len({view.image.tobytes() for view in views}) == 8
    np.testing.assert_array_equal(views[0].image, example.image.image)
    np.testing.assert_array_equal(views[0].target, example.target)
    for view in views:  # image, target and mask move together
        where = np.isin(example.image.image, view.image[view.target > 0.99])
        assert where[example.target > 0.99].all()
        assert view.known.sum() == example.known.sum()


def test_small_examples_are_reflected_and_large_ones_cut(folder):
    add_cells(folder, 0)
    (example,), _ = prepare_examples(folder, 14.0)
    large = FinetuneConfig(tile_size=128, zoom=1.0, relight=0)
    (view,) = make_views(example, 1, large, np.random.default_rng(0))
    np.testing.assert_array_equal(view.image[80:], view.image[79:31:-1])
    small = FinetuneConfig(tile_size=48)
    tiles = list(make_views(example, 1, small, np.random.default_rng(0)))
    assert 1 < len(tiles) <= count_tiles(example, small.tiling)
    np.testing.assert_array_equal(tiles[0].image, example.image.image[:48, :48])


def test_later_views_are_zoomed_and_relit(folder):
    add_cells(folder, 0)
    (example,), _ = prepare_examples(folder, 14.0)
    config = FinetuneConfig(tile_size=128, relight=1.0, zoom=1.3)
    views = list(make_views(example, 16, config, np.random.default_rng(0)))
    assert len({round(float(view.target.sum())) for view in views[8:]}) > 4
    for view in views:
        assert 0 <= view.image.min() <= view.image.max() <= 1
