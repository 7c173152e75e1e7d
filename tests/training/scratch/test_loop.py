"""A training run: its events, its files, and that nothing stops it for good."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from tests.training.conftest import (
    register_tiny_variant,
    small_config,
    write_pairs,
)

from dinocell_training.scratch import loop
from dinocell_training.scratch.events import (
    EpochDone,
    StepDone,
    TrainingFinished,
    TrainingStarted,
    TuningThresholds,
)
from dinocell_training.scratch.loop import train
from dinocell_training.scratch.run import BEST_FILE
from dinocell_training.trainer.state import STATE_FILE, load_state, save_values
from napari_dinocell.engine.errors import TrainingDataError, TrainingFailedError
from napari_dinocell.engine.model.checkpoint import file_sha256, load_checkpoint


@pytest.fixture(scope="module")
def one_epoch(tmp_path_factory):
    """Pairs, and a run of one epoch on them: trained once, never changed."""
    register_tiny_variant()
    folder = tmp_path_factory.mktemp("one_epoch")
    pairs = write_pairs(folder / "data")
    list(train(pairs, folder / "run", small_config(epochs=1)))
    return pairs, folder / "run"


@pytest.fixture
def short_run(one_epoch, tmp_path):
    """Pairs, and a copy of a run of one epoch on them."""
    pairs, run = one_epoch
    shutil.copytree(run, tmp_path / "run")
    return pairs, tmp_path / "run"


def _losses(events) -> list[float]:
    return [e.loss for e in events if isinstance(e, StepDone)]


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    """Pairs, the folder of a run of two epochs on them, and its events."""
    register_tiny_variant()
    folder = tmp_path_factory.mktemp("two_epochs")
    pairs = write_pairs(folder / "data")
    events = list(train(pairs, folder / "run", small_config()))
    return pairs, folder / "run", events


def test_events_come_in_order_and_a_checkpoint_comes_out(two_epochs):
    _, run, events = two_epochs
    assert [type(e) for e in events] == [
        TrainingStarted,
        *2 * [StepDone, StepDone, EpochDone],
        TuningThresholds,
        TrainingFinished,
    ]
    assert [e.step for e in events if isinstance(e, StepDone)] == [1, 2, 3, 4]
    assert events[-1].checkpoint == run / "small.safetensors"
    assert (run / BEST_FILE).is_file()
    model, info = load_checkpoint(events[-1].checkpoint)
    assert info.name == "small"
    assert info.model.variant == "vitz16"
    assert info.watershed == events[-1].watershed
    assert info.metrics["validation"]["discs"]["images"] == 2
    assert info.recipe["steps_per_epoch"] == 2
    assert model(torch.rand(1, 1, 32, 32)).shape == (1, 1, 32, 32)


def test_the_loss_falls_on_an_easy_task(pair_folder, tmp_path):
    config = small_config(
        epochs=1,
        steps_per_epoch=24,
        learning_rate=5e-3,
        crop_sizes=(32,),
        decoder_channels=(16, 16, 16, 16),
    )
    losses = _losses(train(pair_folder, tmp_path / "run", config))
    assert sum(losses[-6:]) < 0.85 * sum(losses[:6])


def test_a_stopped_run_goes_on_exactly_where_it_was(two_epochs, tmp_path):
    pairs, run, whole = two_epochs
    config = small_config()
    events = train(pairs, tmp_path / "parts", config)
    first = []
    for event in events:
        first.append(event)
        if isinstance(event, EpochDone):
            events.close()
            break
    second = list(train(pairs, tmp_path / "parts", config, resume=True))
    assert second[0].epoch == 1
    assert _losses(first) + _losses(second) == _losses(whole)
    expected, found = (
        load_state(folder).average["weights"] for folder in (run, tmp_path / "parts")
    )
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


def test_more_epochs_may_be_added_when_resuming(short_run):
    pairs, run = short_run
    config = small_config(epochs=1)
    events = list(train(pairs, run, replace(config, epochs=2), resume=True))
    assert [e.epoch for e in events if isinstance(e, EpochDone)] == [2]


def test_a_run_of_an_earlier_version_goes_on(short_run):
    """Settings that it did not know yet had their defaults."""
    pairs, run = short_run
    state = load_state(run)
    del state.config["drop_path"], state.config["augment"]["haze"]
    del state.parent_sha256
    save_values(
        run,
        {n: getattr(state, n) for n in state.__slots__ if hasattr(state, n)},
    )
    config = small_config(epochs=2)
    events = list(train(pairs, run, config, resume=True))
    assert [e.epoch for e in events if isinstance(e, EpochDone)] == [2]


def test_an_existing_run_is_never_overwritten(short_run):
    pairs, run = short_run
    before = (run / STATE_FILE).read_bytes()
    with pytest.raises(TrainingFailedError, match="already holds a training run"):
        next(train(pairs, run, small_config(epochs=1)))
    assert (run / STATE_FILE).read_bytes() == before


def test_resuming_with_other_settings_names_them(short_run):
    pairs, run = short_run
    other = small_config(epochs=1, learning_rate=1e-5)
    with pytest.raises(TrainingFailedError, match="learning_rate"):
        next(train(pairs, run, other, resume=True))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a state at all", id="text"),
        pytest.param(None, id="truncated"),
    ],
)
def test_a_damaged_state_is_said_to_be_damaged(short_run, content):
    pairs, run = short_run
    path = run / STATE_FILE
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    with pytest.raises(TrainingFailedError, match="cannot be read"):
        next(train(pairs, run, small_config(epochs=2), resume=True))


def test_a_nan_loss_stops_and_keeps_the_best(pair_folder, tmp_path, monkeypatch):
    events = train(pair_folder, tmp_path, small_config(epochs=3))
    for event in events:
        if isinstance(event, EpochDone):
            break
    kept = (tmp_path / BEST_FILE).read_bytes()
    monkeypatch.setattr(
        loop,
        "distance_loss",
        lambda *a, **k: torch.full((), float("nan"), requires_grad=True),
    )
    with pytest.raises(TrainingFailedError, match="loss became nan"):
        list(events)
    assert (tmp_path / BEST_FILE).read_bytes() == kept


def test_no_better_score_stops_the_run(pair_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "score_samples", lambda *a, **k: {"discs": 0.5})
    config = small_config(epochs=20, patience=3)
    events = list(train(pair_folder, tmp_path, config))
    assert events[-1].best_epoch == 1
    assert "no better score" in events[-1].reason
    assert sum(isinstance(e, EpochDone) for e in events) == 4


def test_nothing_to_validate_on_is_an_error(tmp_path, pair_folder):
    for path in sorted(pair_folder.iterdir())[2:]:
        path.unlink()
    with pytest.raises(TrainingDataError, match="to validate on"):
        next(train(pair_folder, tmp_path / "run", small_config()))


def test_a_run_starts_from_an_earlier_model(short_run, tmp_path):
    """Its weights are taken over; image skips, which it lacks, start at random, and
    interpolation starts from the mean of the kernels that it takes the place of."""
    pairs, run = short_run
    first = run / "small.safetensors"
    config = small_config(
        initial=str(first),
        image_skips=True,
        upsampling="bilinear",
        learning_rate=1e-12,
        epochs=1,
    )
    list(train(pairs, tmp_path / "second", config))
    before, _ = load_checkpoint(first)
    after, info = load_checkpoint(tmp_path / "second" / "small.safetensors")
    assert info.model.image_skips
    assert info.parent_sha256 == file_sha256(first)
    for name, value in before.backbone.state_dict().items():
        torch.testing.assert_close(after.backbone.state_dict()[name], value)
    torch.testing.assert_close(
        after.decoder.stages[0].up.weight[:, :, 0, 0].T,
        before.decoder.stages[0].up.weight.mean((2, 3)),
        rtol=1e-3,  # both files hold float16
        atol=1e-3,
    )


def test_an_initial_model_of_another_shape_is_refused(short_run, tmp_path):
    pairs, run = short_run
    first = run / "small.safetensors"
    config = small_config(initial=str(first), decoder_channels=(8, 8, 8, 4))
    with pytest.raises(TrainingFailedError, match="initial model like"):
        next(train(pairs, tmp_path / "second", config))
