"""What nobody verified, and cells that end beyond the crop, leave no trace."""

from __future__ import annotations

import numpy as np
import torch

from dinocell_training.corrections.folder import Corrections
from dinocell_training.corrections.known_pixels import known_pixels, whole_cells
from dinocell_training.finetune.config import FinetuneConfig
from dinocell_training.finetune.data import prepare_examples
from dinocell_training.finetune.feature_cache import Tiles
from dinocell_training.finetune.score import score_map, tally_known
from dinocell_training.finetune.views import make_views
from dinocell_training.trainer.loss import distance_loss
from napari_dinocell.engine.config import WatershedConfig
from tests.training.conftest import draw_cells
from tests.training.finetune.conftest import add_cells, run, weights


def boxes() -> np.ndarray:
    """Cells 1 (whole), 2 (cut by the border), 3 (whole)."""
    labels = np.zeros((64, 64), np.uint16)
    labels[20:30, 20:30] = 1
    labels[0:12, 40:50] = 2
    labels[40:50, 40:50] = 3
    return labels


def test_cut_and_half_verified_cells_are_unknown():
    labels, verified = boxes(), np.ones((64, 64), bool)
    verified[45:] = False
    known = known_pixels(labels, verified)
    assert list(whole_cells(labels, verified)) == [1]
    assert known[labels == 1].all()
    assert not known[labels == 2].any()
    assert not known[labels == 3].any()
    assert not known[45:].any()
    assert known[30, 60]


def prepared(tmp_path, labels, verified):
    folder = Corrections(tmp_path / "boxes")
    image = (labels > 0).astype(np.uint8) * 100
    add_cells(folder, 0, labels=labels, image=image, verified=verified)
    (example,), _ = prepare_examples(folder, 14.0)
    return example


def test_the_loss_has_no_gradient_where_the_target_is_unknown(tmp_path):
    labels, verified = boxes(), np.ones((64, 64), bool)
    verified[:, :10] = False
    example = prepared(tmp_path, labels, verified)
    config = FinetuneConfig(tile_size=64)
    views = list(make_views(example, 8, config, np.random.default_rng(0)))
    tiles = Tiles.of(views)
    for kind in ("mse", "bce"):
        logits = torch.zeros_like(tiles.target, requires_grad=True)
        distance_loss(logits, tiles.target, tiles.known, kind=kind).backward()
        touched = logits.grad[:, 0] != 0
        assert not touched[tiles.known[:, 0] == 0].any()
        assert touched.any()
    first = touched[0].numpy()
    assert not first[labels == 2].any(), "the cut cell"
    assert not first[:, :10].any(), "the unverified columns"
    assert first[labels == 1].any()


def test_labels_under_unverified_pixels_do_not_change_the_model(base, tmp_path):
    """Two users differ only where neither vouches for anything."""
    image, labels = draw_cells(0)
    verified = np.ones(labels.shape, bool)
    verified[:, 60:] = False
    other = labels.copy()
    other[:, 62:] = 0
    other[10:20, 70:80] = 99
    outputs = []
    for name, drawn in (("one", labels), ("two", other)):
        folder = Corrections(tmp_path / name)
        # cells that reach into the unverified part differ in where they end
        drawn = np.where(np.isin(drawn, labels[:, 59:63]), 0, drawn)
        add_cells(folder, 0, image=image, labels=drawn, verified=verified)
        outputs.append(tmp_path / f"{name}.safetensors")
        run(base, folder, outputs[-1])
    one, two = map(weights, outputs)
    for key, value in one.items():
        assert torch.equal(value, two[key]), key


def test_what_is_found_in_the_unknown_is_no_error(tmp_path):
    labels = boxes()
    verified = np.ones((64, 64), bool)
    verified[:, :16] = False
    example = prepared(tmp_path, labels, verified)
    found = labels.astype(np.int32)
    found[30:40, 2:12] = 7  # nobody knows
    perfect = tally_known(example, found)
    assert (perfect.true, perfect.predicted, perfect.matched) == (2, 2, 2)
    found[50:60, 18:28] = 8  # known to be background
    assert tally_known(example, found).predicted == 3
    score = score_map(example, example.target, WatershedConfig())
    assert score.loss == 0.0
    assert score.ap50 == 1.0
