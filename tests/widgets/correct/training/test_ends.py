"""Training that is stopped, resumed, or that cannot be done."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.training.finetune.conftest import add_cells
from tests.widgets.drivers.model_files import wait_for_workers
from tests.widgets.drivers.training_driver import (
    TrainingDriver,
    examples,
    hold,
    tiny_base,
)

from dinocell_training.corrections.folder import Corrections
from dinocell_training.finetune import epoch as finetune_epoch
from dinocell_training.finetune import loop as core
from dinocell_training.finetune.events import (
    FeaturesDone,
    FinetuneEpoch,
    FinetunePlanned,
    FinetuneStep,
)
from dinocell_training.finetune.unfinished import unfinished_run
from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.model.model_store import own_model_path
from napari_dinocell.engine.model.read_info import read_info
from napari_dinocell.session.training.corrections_folder import default_folder

__all__ = ["examples", "tiny_base"]  # fixtures

LONG = {"epochs": 3}


@pytest.fixture
def driver(make_viewer_model, qtbot, tiny_base, examples):
    return TrainingDriver(make_viewer_model(), qtbot, **LONG)


@pytest.fixture
def empty(make_viewer_model, qtbot, tiny_base):
    """A dock without any example."""
    return TrainingDriver(make_viewer_model(), qtbot)


def stop_at(driver, monkeypatch, kind, *, count=1):
    """Press Stop once so many events of a kind have come; wait for the end."""
    reached = []

    def is_there(event):
        if isinstance(event, kind):
            reached.append(event)
        return len(reached) >= count

    hold(monkeypatch, at=is_there)
    driver.train.train.click()
    driver.wait_for(kind, count)
    assert driver.train.train.text() == "Stop"
    driver.train.train.click()
    assert driver.train.train.text() == "Stopping…"
    assert not driver.train.train.isEnabled()
    driver.wait_for_end()
    assert driver.train.train.text() == "Train"


def test_stopped_early_no_model_is_made_and_the_section_says_so(driver, monkeypatch):
    """While it is planned, by the features, in the first epoch; then begun anew."""
    for kind in (FinetunePlanned, FeaturesDone, FinetuneStep):
        driver.events.clear()
        with monkeypatch.context() as patch:
            stop_at(driver, patch, kind)
        assert "no model was made" in driver.verdict, kind
        assert not own_model_path("my-model").exists(), kind
        assert not driver.train.unfinished(), kind
        assert driver.options.chosen_name() == "my-model", kind
    driver.events.clear()
    driver.train.train.click()
    driver.wait_for(FinetunePlanned)
    driver.train.train.click()
    driver.wait_for_end()


def test_stop_before_it_is_planned(driver):
    driver.train.train.click()
    driver.train.train.click()
    driver.wait_for_end()
    assert "no model was made" in driver.verdict


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        pytest.param(FinetuneStep, 3, id="steps of the second epoch"),
        pytest.param(FinetuneEpoch, 2, id="judged"),
    ],
)
def test_stopped_later_the_best_is_kept_and_the_run_can_be_resumed(
    driver, monkeypatch, kind, count
):
    with monkeypatch.context() as patch:
        stop_at(driver, patch, kind, count=count)
    assert own_model_path("my-model").exists()
    assert "AP50" in driver.verdict
    assert "my-model was stopped" in driver.train.unfinished()
    done = len(driver.seen(FinetuneEpoch))
    driver.events.clear()
    driver.train.resume.click()
    driver.wait_for_end()
    (plan,) = driver.seen(FinetunePlanned)
    assert plan.epoch == done
    assert driver.seen(FinetuneEpoch)[-1].epoch == 3
    assert driver.train.curve.losses[0] == list(range(done + 1, 4))
    assert not driver.train.unfinished()
    assert not unfinished_run(own_model_path("my-model"))


def test_a_run_is_resumed_as_it_was_started(driver, monkeypatch, qtbot):
    """In another dock, whose options differ."""
    with monkeypatch.context() as patch:
        stop_at(driver, patch, FinetuneEpoch)
    driver.options.base.pick("default")
    driver.options.epochs.setValue(7)
    driver.train.resume.click()
    driver.wait_for_end()
    assert driver.seen(FinetuneEpoch)[-1].total == 3
    assert read_info(own_model_path("my-model")).recipe["fine_tuned_from"] == "tiny"


def test_other_examples_are_not_resumed(driver, examples, monkeypatch):
    with monkeypatch.context() as patch:
        stop_at(driver, patch, FinetuneEpoch)
    add_cells(examples, 9)
    driver.train.resume.click()
    driver.wait_for_end()
    assert "had another examples" in driver.verdict
    driver.train.discard.click()
    assert not driver.train.unfinished()
    assert own_model_path("my-model").exists()


@pytest.mark.parametrize("how", ["dock", "removed"])
def test_the_dock_is_closed_while_it_trains(driver, monkeypatch, qtbot, how):
    hold(monkeypatch, at=lambda event: isinstance(event, FinetuneEpoch))
    driver.train.train.click()
    driver.wait_for(FinetuneEpoch)
    if how == "dock":
        driver.dock.close()
    else:
        driver.viewer.window.remove_dock_widget(driver.dock)
        qtbot.addWidget(driver.dock)  # the viewer leaves it to its maker
    wait_for_workers(qtbot)
    assert own_model_path("my-model").exists()
    assert unfinished_run(own_model_path("my-model"))


def test_the_viewer_is_closed_while_it_trains(
    lend_viewer, qtbot, tiny_base, examples, monkeypatch
):
    driver = TrainingDriver(lend_viewer(), qtbot, **LONG)
    hold(monkeypatch, at=lambda event: isinstance(event, FinetuneEpoch))
    driver.train.train.click()
    driver.wait_for(FinetuneEpoch)
    driver.viewer.close()
    wait_for_workers(qtbot)
    assert own_model_path("my-model").exists()


def test_without_examples_to_learn_from_nothing_can_be_trained(empty):
    assert not empty.train.train.isEnabled()
    assert "No example to train on yet" in empty.train.outlook()
    folder = Corrections(default_folder())
    bare = add_cells(folder, 0, labels=np.zeros((80, 96), np.uint16))
    empty.examples.refresh()
    empty.at_rest()
    assert not empty.train.train.isEnabled()
    assert "no whole cell" in empty.train.outlook()
    folder.remove(bare)
    add_cells(folder, 0)
    (folder.examples()[0].folder / "example.json").write_text("{")
    empty.examples.refresh()
    empty.at_rest()
    assert not empty.train.train.isEnabled()
    assert "All examples are damaged" in empty.train.outlook()


def test_a_single_example_is_judged_by_itself(empty):
    add_cells(Corrections(default_folder()), 0)
    empty.examples.refresh()
    empty.at_rest()
    assert "1 example with" in empty.train.outlook()
    assert "none is held out" in empty.train.outlook()
    empty.press_train()
    assert "judged by the same" in empty.train.plan()
    assert "flatter" in empty.train.notes()
    assert "training (too few to hold some out)" in empty.verdict


def test_damaged_examples_are_named_and_removed_ones_not_compared(
    driver, examples, qtbot
):
    damaged = examples.examples()[0]
    (damaged.folder / "image.tif").write_bytes(b"nothing")
    driver.press_train()
    assert damaged.name in driver.train.notes()
    assert "AP50" in driver.verdict
    for example in examples.examples():
        examples.remove(example.name)
    driver.train.result.show_button.click()
    qtbot.waitUntil(lambda: not driver.training.reading.busy)
    assert "There is no example" in driver.verdict


def test_names_that_cannot_be(driver, tiny_base):
    reasons = {
        "tiny": "There is a model tiny already",
        "": "Give the new model a name",
        "default": "other than 'default'",
        "../evil": "plain file name",
        "what?": "no file name everywhere",
    }
    for name, why in reasons.items():
        driver.options.name.setText(name)
        assert not driver.train.train.isEnabled(), name
        assert why in driver.train.outlook()
    driver.options.name.setText("mine")
    assert driver.train.train.isEnabled()
    own_model_path("mine").write_bytes(tiny_base.read_bytes())  # taken meanwhile
    driver.train.train.click()
    assert not driver.training.jobs.busy
    assert "There is a model mine already" in driver.train.outlook()


def test_a_loss_that_is_no_number_keeps_the_best(driver, monkeypatch):
    real, calls = finetune_epoch.distance_loss, []

    def diverging(*args, **options):
        calls.append(1)
        loss = real(*args, **options)
        return loss * (torch.nan if driver.seen(FinetuneEpoch) else 1)

    monkeypatch.setattr(finetune_epoch, "distance_loss", diverging)
    driver.training.defaults = core.FinetuneConfig(
        **{**driver.training.defaults.to_dict(), "epochs": 500, "patience": 500}
    )
    driver.press_train()
    assert "The loss became nan" in driver.verdict
    assert "Try a lower learning rate" in driver.verdict
    assert own_model_path("my-model").exists()


def test_what_goes_wrong_is_said_in_words(driver, tiny_base, monkeypatch):
    """Too little memory, a full disk, a base that is gone."""

    def no_memory(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    def no_space(*_):
        raise ExportError("my-model cannot be written: no space left. Free some.")

    for failing, error, why in [
        ("make_plan", no_memory, "not enough memory"),
        ("save_run", no_space, "no space left"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(core, failing, error)
            driver.press_train()
        assert why in driver.verdict
        assert driver.train.train.text() == "Train"
    tiny_base.unlink()
    driver.train.train.click()
    driver.wait_for_end()
    assert "got 'tiny'" in driver.verdict
    assert not driver.train.train.isEnabled()
