"""Preparing pairs: sizes agree, cells get a size worth learning."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.ndimage import label
from tests.engine.drawings.tissue import as_uint8, nuclei, stained
from tests.training.conftest import draw_cells, small_config

from dinocell_training.data.cell_size import median_diameter
from dinocell_training.data.pairs import find_pairs
from dinocell_training.data.read_pair import read_pair
from dinocell_training.data.source import SourceConfig
from dinocell_training.scratch.samples import prepare_sample
from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane
from napari_dinocell.engine.errors import TrainingDataError

ALL = (SourceConfig(name="all"),)


def _pair(folder, image, labels):
    cv2.imwrite(str(folder / "a.png"), image)
    cv2.imwrite(str(folder / "a_label.png"), labels)
    return find_pairs(folder, ALL)[0]


def _disc(radius, shape=(200, 240)):
    labels = np.zeros(shape, np.uint16)
    cv2.circle(labels, (shape[1] // 2, shape[0] // 2), radius, 1, -1)
    return labels


def test_a_disc_has_its_diameter():
    assert median_diameter(_disc(20)) == pytest.approx(40, rel=0.05)
    assert median_diameter(np.zeros((5, 5), int)) is None


@pytest.mark.parametrize(
    ("radius", "expected"),
    [
        pytest.param(40, 30, id="large cells shrink"),
        pytest.param(10, 20, id="cells in range stay"),
        pytest.param(4, 12, id="small cells grow"),
    ],
)
def test_cells_are_brought_into_the_diameter_range(tmp_path, radius, expected):
    labels = _disc(radius)
    image = (labels * 100 + 20).astype(np.uint8)
    sample = prepare_sample(_pair(tmp_path, image, labels), small_config())
    assert median_diameter(sample.labels) == pytest.approx(expected, rel=0.12)
    shapes = {
        part.shape
        for part in (sample.image, sample.plain, sample.target, sample.verified)
    }
    assert shapes == {sample.labels.shape}


def test_the_target_follows_the_cells(tmp_path):
    image, labels = draw_cells(3)
    sample = prepare_sample(_pair(tmp_path, image, labels), small_config())
    assert sample.target[sample.labels > 0].mean() > 80
    assert sample.target[sample.labels == 0].mean() < 10


@pytest.mark.parametrize(
    ("settings", "channel"),
    [({}, "gray"), ({"channel": "auto"}, "hematoxylin")],
    ids=["usual recipe", "auto"],
)
def test_tissue_is_shown_by_luminance_unless_a_recipe_says_otherwise(
    tmp_path, settings, channel
):
    image = as_uint8(stained())
    labels, _ = label(nuclei())
    pair = _pair(tmp_path, image[..., ::-1], labels.astype(np.uint16))
    config = small_config(diameter_range=(1.0, 1000.0), **settings)
    sample = prepare_sample(pair, config)
    expected = adjust_contrast(to_plane(image, channel), config.contrast)
    np.testing.assert_array_equal(sample.image, expected.levels(np.uint8))


def test_an_untrusted_border_is_not_verified(tmp_path):
    image, labels = draw_cells(3)
    pair = _pair(tmp_path, image, labels)
    pair = replace(pair, source=replace(pair.source, ignore_border=10))
    config = small_config(diameter_range=(1.0, 1000.0))
    verified = prepare_sample(pair, config).verified
    assert verified[10:-10, 10:-10].min() == 255
    assert verified[:10].max() == 0
    assert verified[:, -10:].max() == 0


def test_labels_of_another_size_are_refused(tmp_path):
    pair = _pair(tmp_path, np.zeros((20, 30), np.uint8), np.zeros((20, 20), np.uint16))
    with pytest.raises(TrainingDataError, match=r"\(20, 30\).*\(20, 20\)"):
        read_pair(pair)
