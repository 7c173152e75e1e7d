"""A pretraining run: it learns, resumes to the bit, and says when it collapses."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector

from dinocell_training.pretrain.batches import draw_part
from dinocell_training.pretrain.events import (
    FieldSkipped,
    PretrainEpoch,
    PretrainFinished,
    PretrainStarted,
    PretrainStep,
)
from dinocell_training.pretrain.fields import find_fields
from dinocell_training.pretrain.loop import pretrain, train_step
from dinocell_training.pretrain.run import start_run
from dinocell_training.scratch.loop import train
from dinocell_training.scratch.run import BEST_FILE
from dinocell_training.trainer.state import STATE_FILE
from napari_dinocell.engine.errors import TrainingDataError, TrainingFailedError
from napari_dinocell.engine.model.checkpoint import file_sha256, load_checkpoint
from tests.training.conftest import register_tiny_variant, write_pairs
from tests.training.conftest import small_config as small_training
from tests.training.pretrain.conftest import small_config, write_scenes

EAGER = {
    "epochs": 1,
    "steps_per_epoch": 20,
    "warmup_steps": 5,
    "learning_rate": 3e-3,
    "teacher_decay": 0.9,
    "teacher_temperature": (0.04, 0.04),
}
"""Learns something, or collapses, within half a minute of nothing else."""


@pytest.fixture(scope="module")
def finished(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    """Folder and events of a run of two epochs; never changed."""
    register_tiny_variant()
    folder = tmp_path_factory.mktemp("finished") / "backbone"
    return folder, list(pretrain(scenes, folder, small_config()))


def _weights(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path)[0].backbone.state_dict()


def test_events_come_in_order_and_a_backbone_comes_out(finished):
    folder, events = finished
    assert [type(event) for event in events] == [
        PretrainStarted,
        *2 * [PretrainStep, PretrainStep, PretrainEpoch],
        PretrainFinished,
    ]
    assert events[-1].checkpoint == folder / "backbone.safetensors"
    _, card = load_checkpoint(events[-1].checkpoint)
    assert card.needs_training
    assert (card.name, card.model.variant) == ("backbone", "vitz8")
    assert card.recipe["prototypes"] == 32
    assert card.metrics["spread"]["spread"] == pytest.approx(events[-2].spread.spread)


def test_the_loss_falls_and_features_stay_apart(scenes, tmp_path):
    events = list(pretrain(scenes, tmp_path / "run", small_config(**EAGER)))
    losses = [event.loss for event in events if isinstance(event, PretrainStep)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.1
    (epoch,) = (event for event in events if isinstance(event, PretrainEpoch))
    assert epoch.spread.collapse == ""
    assert epoch.spread.answers > 4


def test_a_run_set_up_to_collapse_says_so(scenes, tmp_path):
    """Without balance and distance, one prototype serves all."""
    config = small_config(**EAGER, balance="none", koleo_weight=0.0)
    events = list(pretrain(scenes, tmp_path / "run", config))
    assert "The features collapse" in events[-2].spread.collapse
    assert events[-3].loss < 1.5  # which looks like success


def test_an_interrupted_run_ends_with_the_same_weights(finished, scenes, tmp_path):
    """Stopped in the second epoch, as kill -9 does: nothing more is written."""
    folder, _ = finished
    run = tmp_path / "backbone"
    events = pretrain(scenes, run, small_config())
    while not isinstance(next(events), PretrainEpoch):
        pass
    assert isinstance(next(events), PretrainStep)
    state = (run / STATE_FILE).read_bytes()
    events.close()
    assert (run / STATE_FILE).read_bytes() == state
    again = list(pretrain(scenes, run, small_config(), resume=True))
    assert again[0].epoch == 1
    expected = _weights(folder / "backbone.safetensors")
    for name, found in _weights(run / "backbone.safetensors").items():
        assert torch.equal(found, expected[name]), name


def test_runs_are_not_mixed(finished, scenes):
    folder, _ = finished
    with pytest.raises(TrainingFailedError, match="already holds"):
        next(pretrain(scenes, folder, small_config()))
    other = small_config(prototypes=16)
    with pytest.raises(TrainingFailedError, match="prototypes"):
        next(pretrain(scenes, folder, other, resume=True))


def test_a_step_in_parts_and_a_moving_mean_run(scenes, tmp_path):
    config = small_config(accumulate=2, balance="mean", epochs=1, steps_per_epoch=1)
    events = list(pretrain(scenes, tmp_path / "run", config))
    assert [type(event) for event in events[1:]] == [
        PretrainStep,
        PretrainEpoch,
        PretrainFinished,
    ]


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda",
            marks=pytest.mark.skipif(
                not torch.cuda.is_available(), reason="no CUDA device"
            ),
        ),
    ],
)
def test_products_in_bfloat16_learn_the_same(scenes, device):
    """A step moves the weights as in float32, but for the rounding.

    They stay float32. Random features point almost the same way, and what is left
    between neighbours, which KoLeo looks at, is small enough to be rounded most.
    """
    changes = []
    for precision in ("float32", "bfloat16"):
        config = small_config(precision=precision, device=device, epochs=1)
        run = start_run(Path("run"), config, find_fields(scenes), None, [])
        before = parameters_to_vector(run.student.parameters()).detach().clone()
        batch = draw_part(run.fields, config, 8, 0).to(run.device)
        losses = train_step(run, 1, [batch])
        after = parameters_to_vector(run.student.parameters())
        assert after.dtype == torch.float32
        changes.append((losses, (after - before).detach()))
    (exact, moved), (rounded, roughly) = changes
    torch.testing.assert_close(rounded[:3], exact[:3], rtol=0.05, atol=0.05)
    torch.testing.assert_close(rounded[3], exact[3], rtol=0.25, atol=0.0)
    assert not torch.equal(rounded, exact)
    assert torch.cosine_similarity(moved, roughly, dim=0) > 0.7


def test_training_starts_from_the_backbone(finished, tmp_path):
    """Whatever its decoder; and the new model records where it came from."""
    folder, _ = finished
    backbone = folder / "backbone.safetensors"
    pairs = write_pairs(tmp_path / "pairs")
    config = small_training(
        variant="vitz8",
        initial=str(backbone),
        image_skips=True,
        epochs=1,
        learning_rate=0.0,
        average_decay=0.0,
    )
    list(train(pairs, tmp_path / "run", config))
    trained, card = load_checkpoint(tmp_path / "run" / BEST_FILE)
    assert card.parent_sha256 == file_sha256(backbone)
    expected = _weights(backbone)
    for name, found in trained.backbone.state_dict().items():
        assert torch.equal(found, expected[name]), name


def test_pretraining_goes_on_from_a_backbone(finished, scenes, tmp_path):
    folder, _ = finished
    backbone = folder / "backbone.safetensors"
    config = small_config(
        initial=str(backbone), epochs=1, steps_per_epoch=1, learning_rate=0.0
    )
    list(pretrain(scenes, tmp_path / "more", config))
    path = tmp_path / "more" / "more.safetensors"
    assert load_checkpoint(path)[1].parent_sha256 == file_sha256(backbone)
    expected = _weights(backbone)
    for name, found in _weights(path).items():
        assert torch.equal(found, expected[name]), name


def test_a_probe_looks_at_labelled_images(scenes, tmp_path):
    """Bright discs on dark ground: even random features tell them apart."""
    pairs = write_pairs(tmp_path / "pairs")
    config = small_config(epochs=1, steps_per_epoch=1)
    events = list(pretrain(scenes, tmp_path / "run", config, probe=pairs))
    assert 0.6 < events[-2].probe <= 1
    for path in pairs.glob("*_label.png"):
        cv2.imwrite(str(path), np.zeros((80, 96), np.uint16))
    with pytest.raises(TrainingDataError, match="cells and background"):
        next(pretrain(scenes, tmp_path / "other", config, probe=pairs))


def test_two_channels_of_a_field_are_learnt_from(tmp_path):
    """Listed in a CSV; a file that is damaged is named once and does not end it."""
    folder = write_scenes(tmp_path / "files", 6)
    (folder / "scene5.png").write_bytes(b"\x89PNG no more")
    rows = [f"{i // 2},{'ab'[i % 2]},files/scene{i}.png" for i in range(6)]
    listed = tmp_path / "list.csv"
    listed.write_text("\n".join(["field,channel,file", *rows]))
    config = small_config(epochs=1)
    events = list(pretrain(listed, tmp_path / "run", config))
    assert events[0].fields == 3
    skipped = [event for event in events if isinstance(event, FieldSkipped)]
    assert [event.name for event in skipped] == ["2"]
    assert "scene5.png" in skipped[0].reason


def test_nothing_to_see_ends_the_run(tmp_path):
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((64, 64), np.uint8))
    events = pretrain(tmp_path, tmp_path / "run", small_config())
    assert isinstance(next(events), PretrainStarted)
    with pytest.raises(TrainingDataError, match="All were empty"):
        next(events)
