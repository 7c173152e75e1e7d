"""A fine-tuning run: its events, its checkpoint, and that nothing stops it for good."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dinocell_training.corrections.folder import Corrections, Origin
from dinocell_training.finetune import epoch as finetune_epoch
from dinocell_training.finetune import run as finetune_run
from dinocell_training.finetune.data import prepare_examples
from dinocell_training.finetune.events import (
    FeaturesDone,
    FinetuneEnded,
    FinetuneEpoch,
    FinetunePlanned,
    FinetuneStep,
)
from dinocell_training.finetune.loop import finetune, unfinished_run
from dinocell_training.trainer import trainer
from napari_dinocell.engine.config import ContrastConfig, SegmentConfig
from napari_dinocell.engine.errors import (
    ExportError,
    SettingsError,
    TrainingDataError,
    TrainingFailedError,
)
from napari_dinocell.engine.model import checkpoint
from napari_dinocell.engine.model.checkpoint import file_sha256, load_checkpoint
from napari_dinocell.engine.model.read_info import read_info
from tests.engine.model.backbone_files.conftest import to_timm
from tests.training.conftest import draw_cells, register_tiny_variant
from tests.training.finetune.conftest import (
    add_cells,
    run,
    small,
    weights,
    write_base,
    write_corrections,
)

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Taught:
    """A run of two epochs that learned something; it is not to be changed."""

    corrections: Corrections
    output: Path
    events: list


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    register_tiny_variant()
    folder = tmp_path_factory.mktemp("taught")
    base = write_base(folder / "base.safetensors")
    corrections = write_corrections(folder / "corrections")
    output = folder / "models" / "mine.safetensors"
    events = run(base, corrections, output, steps_per_epoch=8, rehearsal=1)
    return Taught(corrections, output, events)


def test_events_come_in_order_and_a_better_model_comes_out(taught):
    events, output = taught.events, taught.output
    kinds = [type(event) for event in events]
    features = kinds.count(FeaturesDone)
    assert features == 1 + 3  # rehearsal, and 3 examples x 8 views in batches of 8
    assert kinds == [
        FinetunePlanned,
        *features * [FeaturesDone],
        *2 * [*8 * [FinetuneStep], FinetuneEpoch],
        FinetuneEnded,
    ]
    plan, ended = events[0], events[-1]
    assert (plan.train_examples, plan.judged_examples, plan.held_out) == (3, 1, True)
    assert plan.estimated_seconds > 0
    assert plan.notes == ()
    assert events[features].done == events[features].total == 2 * 1 + 24
    assert ended.better
    assert ended.after.loss < ended.before.loss
    assert "better than its base on the held-out" in ended.verdict
    (compared,) = ended.comparisons
    assert compared.labels_before.shape == compared.labels_after.shape == (80, 96)
    assert not unfinished_run(output)
    assert os.listdir(output.parent) == [output.name]


def planned(base: Path, corrections: Corrections, output: Path) -> FinetunePlanned:
    """What a run says that it is going to do; it is closed then."""
    events = finetune(base, corrections, output, small())
    plan = next(events)
    events.close()
    assert isinstance(plan, FinetunePlanned)
    return plan


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A base, what a run of two epochs made of it, and how that ended."""
    register_tiny_variant()
    folder = tmp_path_factory.mktemp("plain")
    base = write_base(folder / "base.safetensors")
    corrections = write_corrections(folder / "corrections")
    output = folder / "models" / "mine.safetensors"
    return base, output, run(base, corrections, output)[-1]


def test_the_checkpoint_says_where_it_comes_from(plain):
    base, output, ended = plain
    assert ended.checkpoint == output
    info = read_info(output)
    assert info.name == "mine"
    assert info.parent_sha256 == file_sha256(base)
    assert info.cell_diameter == 14.0
    assert info.watershed == ended.watershed
    assert info.data_sources == ("4 corrected examples of the user",)
    assert info.recipe["fine_tuned_from"] == "base"
    assert info.recipe["steps_per_epoch"] == 2
    scores = info.metrics["fine_tuned"]
    assert scores["judged_on"] == "held-out examples"
    assert scores["after"]["ap50"] == round(ended.after.ap50, 4)


def test_only_the_decoder_changes_unless_all_shall(plain, corrections, output):
    base, decoder_only, _ = plain
    before, after = weights(base), weights(decoder_only)
    run(base, corrections, output, full=True, epochs=1)
    for name, value in after.items():
        fixed = name.startswith("backbone.") or "running_" in name
        if fixed or "num_batches" in name:
            assert torch.equal(value, before[name]), name
    assert not torch.equal(after["head.weight"], before["head.weight"])
    name = "backbone.blocks.0.attn.qkv.weight"
    assert not torch.equal(weights(output)[name], before[name])


def test_a_loss_that_is_no_number_keeps_the_best_epoch(
    base, corrections, output, monkeypatch
):
    real, calls = finetune_epoch.batch_loss, []

    def broken(*args: object) -> torch.Tensor:
        calls.append(args)
        # each of the 2 steps of an epoch takes 1: break at the end of the second
        return real(*args) * (float("nan") if len(calls) > 3 else 1.0)

    monkeypatch.setattr(finetune_epoch, "batch_loss", broken)
    with pytest.raises(TrainingFailedError, match=r"nan in epoch 2.*kept as mine"):
        run(base, corrections, output, epochs=5)
    assert read_info(output).metrics["fine_tuned"]["epoch"] == 1
    for value in weights(output).values():
        assert value.isfinite().all()


def test_a_model_that_got_worse_is_kept_and_says_so(taught, tmp_path, output):
    """Taught on a negative, too fast, and judged on pictures like its base's."""
    good, corrections = taught.output, taught.corrections
    liar = Corrections(tmp_path / "lies")
    image, labels = draw_cells(5)
    liar.add(255 - image, labels, origin=Origin(image="negative"))
    ended = run(good, liar, output, validation=corrections, learning_rate=0.02)[-1]
    assert not ended.better
    assert "NOT better" in ended.verdict
    assert ended.checkpoint == output
    assert output.is_file()


def test_patience_ends_a_run(base, corrections, output, monkeypatch):
    monkeypatch.setattr(trainer, "learning_rate_factor", lambda *_, **__: 0.0)
    ended = run(base, corrections, output, epochs=9, patience=2)[-1]
    assert ended.reason == "no better for 2 epochs"
    assert ended.best_epoch == 1


def test_one_example_is_enough_and_judged_by_itself(base, tmp_path, output):
    folder = Corrections(tmp_path / "one")
    add_cells(folder, 0)
    plan, *_, ended = run(base, folder, output, epochs=1)
    assert (plan.train_examples, plan.judged_examples, plan.held_out) == (1, 1, False)
    assert any("Fewer than three" in note for note in plan.notes)
    assert "training (too few to hold some out)" in ended.verdict
    judged_on = read_info(output).metrics["fine_tuned"]["judged_on"]
    assert judged_on == "training examples"


def test_an_example_without_cells_helps_but_not_alone(base, tmp_path, output):
    folder = Corrections(tmp_path / "background")
    image, labels = draw_cells(0)
    folder.add(image, np.zeros_like(labels), origin=Origin(image="empty"))
    with pytest.raises(TrainingDataError, match="no whole cell"):
        run(base, folder, output)
    add_cells(folder, 1)
    plan = planned(base, folder, output)
    assert plan.train_examples == 2
    assert any("teaches what is background" in note for note in plan.notes)


def test_a_damaged_example_is_named_and_left_out(base, corrections, output):
    bad = corrections.examples()[0]
    (bad.folder / "image.tif").write_bytes(b"nothing")
    plan = planned(base, corrections, output)
    assert plan.train_examples + plan.judged_examples == 3
    assert any(bad.name in note for note in plan.notes)


def test_an_empty_folder_says_what_to_do(base, tmp_path, output):
    with pytest.raises(TrainingDataError, match="accept them first"):
        run(base, Corrections(tmp_path / "none"), output)


def test_rgb_and_channels_are_taught_as_they_are_segmented(base, tmp_path, output):
    folder = Corrections(tmp_path / "colours")
    image, labels = draw_cells(0)
    noise = np.random.default_rng(0).integers(0, 255, image.shape).astype(np.uint8)
    folder.add(np.dstack([image] * 3), labels, origin=Origin(image="rgb"))
    second = Origin(image="channels", settings=SegmentConfig(channel=1))
    folder.add(np.stack([noise, image]), labels, origin=second)
    add_cells(folder, 0)
    *others, plain = seen_by_network(folder)
    for other in others:
        np.testing.assert_allclose(other, plain, atol=0.02)
    assert run(base, folder, output, epochs=1)[-1].checkpoint == output


def seen_by_network(folder: Corrections) -> list[np.ndarray]:
    return [e.image.image for e in prepare_examples(folder, 14.0)[0]]


def test_a_backbone_of_another_project_becomes_a_usable_model(
    base, corrections, output, tmp_path, monkeypatch
):
    monkeypatch.setattr(checkpoint, "DECODER_CHANNELS", (8, 8, 8, 8))
    model, _ = load_checkpoint(base)
    state = {k: v.contiguous() for k, v in to_timm(model.backbone.state_dict()).items()}
    save_file(state, tmp_path / "backbone.safetensors")
    ended = run(tmp_path / "backbone.safetensors", corrections, output)[-1]
    assert ended.before is None
    assert ended.better
    assert "can segment now" in ended.verdict
    info = read_info(output)
    assert not info.needs_training
    statistics = weights(output)["decoder.stages.0.conv.1.running_mean"]
    assert statistics.count_nonzero() > 0, "its norms were untrained, too"


def test_the_contrast_of_the_examples_becomes_the_models(base, tmp_path, output):
    folder = Corrections(tmp_path / "flat")
    contrast = ContrastConfig(clahe=False)
    origin = Origin(image="a", settings=SegmentConfig(contrast=contrast))
    add_cells(folder, 0, origin=origin)
    run(base, folder, output, epochs=1)
    assert read_info(output).contrast == contrast


def test_an_existing_model_is_not_overwritten(base, corrections, output):
    output.parent.mkdir()
    output.write_bytes(b"precious")
    with pytest.raises(TrainingFailedError, match="There is a model mine already"):
        run(base, corrections, output)
    assert output.read_bytes() == b"precious"


def test_a_full_disk_is_told_by_name(base, corrections, output, monkeypatch):
    def no_space(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(finetune_run, "save_values", no_space)
    with pytest.raises(ExportError, match="No space left"):
        run(base, corrections, output)
    assert read_info(output).name == "mine", "the best epoch was in memory"


@pytest.mark.parametrize(
    "changes",
    [{"epochs": 0}, {"learning_rate": 2.0}, {"validation_share": 0.9}, {"zoom": 0.5}],
)
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(SettingsError, match=f"Expected {next(iter(changes))}"):
        replace(small(), **changes)
