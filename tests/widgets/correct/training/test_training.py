"""Training in the Correct dock: from the button to a model that is chosen."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QFileDialog, QScrollArea
from tests.widgets.drivers.fakes import FakeModelSlot
from tests.widgets.drivers.training_driver import (
    TrainingDriver,
    examples,
    hold,
    tiny_base,
)

from dinocell_training.finetune.events import (
    FinetuneEpoch,
    FinetunePlanned,
    FinetuneStep,
)
from dinocell_training.finetune.score import Scores
from napari_dinocell.engine.errors import JobBusyError
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.model.model_store import own_model_path
from napari_dinocell.engine.model.read_info import read_info
from napari_dinocell.session.session import Session

__all__ = ["examples", "tiny_base"]  # fixtures


@pytest.fixture
def driver(make_viewer_model, qtbot, tiny_base, examples):
    return TrainingDriver(make_viewer_model(), qtbot)


def judge_as(monkeypatch, *, better):
    monkeypatch.setattr(Scores, "beats", lambda self, base: better)


def test_a_name_is_suggested_and_the_examples_are_counted(driver):
    assert driver.options.chosen_name() == "my-model"
    assert driver.train.outlook().startswith("4 examples with ")
    assert driver.train.train.text() == "Train"


def test_a_run_shows_its_estimate_and_curve_and_makes_a_model(
    make_viewer_model, qtbot, tiny_base, examples
):
    """With rehearsal, as the dock trains by default."""
    driver = TrainingDriver(make_viewer_model(), qtbot, rehearsal=1)
    shown = []
    driver.training.jobs.yielded.connect(
        lambda event: shown.append((type(event), driver.train.plan()))
    )
    driver.press_train()
    # before the first step
    assert shown[0][0] is FinetunePlanned
    assert "3 examples to train on, 1 held out to judge: about " in shown[0][1]
    assert all(plan == shown[0][1] for _, plan in shown)
    # the points of the events
    curve = driver.train.curve
    steps, epochs = driver.seen(FinetuneStep), driver.seen(FinetuneEpoch)
    assert curve.steps == ([0.5, 1, 1.5, 2], [step.loss for step in steps])
    assert curve.losses == ([1, 2], [epoch.scores.loss for epoch in epochs])
    assert curve.precisions == ([1, 2], [epoch.scores.ap50 for epoch in epochs])
    # a model that knows its parent
    info = read_info(own_model_path("my-model"))
    assert info.parent_sha256 == file_sha256(tiny_base)
    assert info.recipe["fine_tuned_from"] == "tiny"
    assert "4 corrected examples of the user" in info.data_sources
    assert "AP50" in driver.verdict
    assert driver.train.train.text() == "Train"
    assert driver.options.chosen_name() == "my-model-2"
    # without a Segment dock, it is listed when one is opened
    assert "my-model" in _models(driver.add_segment_dock())


def test_a_second_run_begins_a_new_curve_and_table(driver):
    driver.press_train()
    driver.press_train()
    assert len(driver.train.curve.losses[0]) == 2
    assert len(driver.train.result.rows()) == 1
    assert own_model_path("my-model-2").exists()


def test_a_better_model_is_selected_in_the_segment_dock_and_a_worse_one_only_kept(
    make_viewer_model, qtbot, tiny_base, examples, monkeypatch
):
    driver = TrainingDriver(make_viewer_model(), qtbot, pick_base=False)
    segment = driver.add_segment_dock()
    segment.sections.model.choose("tiny")
    driver.training.look()
    judge_as(monkeypatch, better=True)
    driver.press_train()
    assert segment.sections.model.model() == "my-model"
    assert "is better" in driver.verdict
    assert "selected in the Segment dock" in driver.verdict
    # the dock stays with its base for the next run
    assert driver.options.base.chosen().value == "tiny"
    judge_as(monkeypatch, better=False)
    driver.press_train()
    assert segment.sections.model.model() == "my-model"
    assert own_model_path("my-model-2").exists()
    assert "NOT better" in driver.verdict
    assert "my-model-2" in _models(segment)


def test_the_base_follows_the_segment_dock_until_the_user_picks_one(
    make_viewer_model, qtbot, tiny_base, examples
):
    driver = TrainingDriver(make_viewer_model(), qtbot, pick_base=False)
    base, segment = driver.options.base, driver.add_segment_dock()
    assert base.chosen().value == "default"
    segment.sections.model.choose("tiny")
    driver.training.look()
    assert base.chosen().value == "tiny"
    base.pick("default")
    driver.training.look()
    assert base.chosen().value == "default"


def test_another_file_is_chosen_as_the_base(driver, tiny_base, tmp_path, monkeypatch):
    base, path = driver.options.base, tmp_path / "elsewhere.safetensors"
    path.write_bytes(tiny_base.read_bytes())
    answers = [("", ""), (str(path), "")]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: answers.pop(0))
    last = base.models.count() - 1
    base.models.activated.emit(last)
    assert base.models.currentText() == "tiny"
    base.models.activated.emit(last)
    assert base.chosen().path == path
    assert base.models.currentText() == "elsewhere.safetensors"
    assert not driver.training.problem()


def test_while_training_the_options_are_locked_and_no_other_job_runs(
    driver, monkeypatch, qtbot
):
    hold(monkeypatch, at=lambda event: isinstance(event, FinetuneEpoch))
    jobs = Session.of(driver.viewer).jobs
    driver.train.train.click()
    driver.wait_for(FinetuneEpoch)
    with pytest.raises(JobBusyError, match="is being trained"):
        jobs.take("segment")
    assert not driver.options.isEnabled()
    assert driver.train.bar.isVisibleTo(driver.dock)
    qtbot.waitUntil(lambda: "Epoch 2 of 2" in driver.train.stage())
    driver.train.train.click()
    driver.wait_for_end()
    assert jobs.job is None
    assert driver.options.isEnabled()
    assert not driver.train.bar.isVisibleTo(driver.dock)


def test_progress_stop_and_curve_are_in_view_while_it_trains(
    lend_viewer, qtbot, tiny_base, examples, monkeypatch
):
    """On a small screen, wherever the dock is scrolled to; then back in their place."""
    viewer = lend_viewer(show=True)
    viewer.window.resize(1280, 800)
    driver = TrainingDriver(viewer, qtbot)
    section = driver.train
    hold(monkeypatch, at=lambda event: isinstance(event, FinetuneEpoch))
    section.train.click()
    driver.wait_for(FinetuneEpoch)
    parts = (section.train, section.bar, section._stage, section.curve)
    scroll = driver.dock.findChild(QScrollArea).verticalScrollBar()
    for place in (scroll.minimum(), scroll.maximum()):
        scroll.setValue(place)
        qtbot.waitUntil(
            lambda: all(p.visibleRegion().boundingRect() == p.rect() for p in parts)
        )
    section.train.click()
    driver.wait_for_end()
    assert section.isAncestorOf(section.curve)
    assert section.isAncestorOf(section.train)


def test_training_waits_for_other_jobs_and_frees_the_model_of_the_segment_dock(driver):
    slot = Session.of(driver.viewer).model = FakeModelSlot()
    driver.add_segment_dock()
    slot.get("default", "cpu")
    job = Session.of(driver.viewer).jobs.take("batch")
    driver.train.train.click()
    assert "A batch is running" in driver.verdict
    assert not driver.training.jobs.busy
    assert slot.loaded
    job.release()
    driver.press_train()
    assert own_model_path("my-model").exists()
    assert slot.segmenter.unloaded
    assert not slot.loaded


def test_the_table_compares_and_shows_an_example_side_by_side(driver, qtbot):
    """The labels that are corrected stay selected."""
    labels = driver.viewer.add_labels(driver.last()[1].labels)
    driver.press_train()
    (row,) = driver.train.result.rows()
    assert row[0].startswith("cells")
    assert row[0].endswith(".tif")
    assert float(row[2]) >= 0
    for _ in range(2):  # the second time replaces the first
        driver.train.result.show_button.click()
        qtbot.waitUntil(lambda: not driver.training.reading.busy)
        own, *compared = driver.viewer.layers
        assert own == labels
        assert [type(a).__name__ for a in compared] == ["Image", "Labels", "Points"]
        assert driver.viewer.layers.selection.active is labels
        assert driver.sections.choice.layer() is labels
    image, outlines, titles = compared
    assert image.data.shape == outlines.data.shape
    corrected, before, after = titles.text.values
    assert corrected == "corrected"
    assert before.startswith("before, AP ")
    assert after.startswith("after, AP ")
    first, second, third = titles.data[:, 1]
    assert 0 == first < second < third < outlines.data.shape[1]
    assert (titles.data[:, 0] < 0).all()
    assert not outlines.editable


def test_options_are_what_is_trained(driver, examples, tmp_path):
    options = driver.options
    options.extent.setCurrentIndex(1)
    options.epochs.setValue(3)
    options.rate.setValue(0.002)
    options.share.setValue(40)
    request = driver.training.request()
    config = request.config
    assert (config.full, config.epochs, config.learning_rate) == (True, 3, 0.002)
    assert config.validation_share == 0.4
    assert config.steps_per_epoch == 2
    assert request.base == "tiny"
    options.set_validation(tmp_path)
    assert driver.training.request().validation == tmp_path


def test_another_folder_may_judge(driver, examples, tmp_path):
    from tests.training.finetune.conftest import add_cells

    from dinocell_training.corrections.folder import Corrections

    judges = Corrections(tmp_path / "judges")
    add_cells(judges, 7)
    driver.options.set_validation(judges.folder)
    driver.press_train()
    (plan,) = driver.seen(FinetunePlanned)
    assert (plan.train_examples, plan.judged_examples) == (4, 1)
    assert driver.train.result.rows()[0][0] == "cells7.tif"


def test_a_backbone_becomes_a_model(
    make_viewer_model, qtbot, tiny_base, examples, tmp_path
):
    from safetensors.torch import save_file
    from tests.engine.model.backbone_files.conftest import to_timm

    from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig

    backbone = DinoCell(ModelConfig(variant="vitz16")).backbone
    path = tmp_path / "backbone.safetensors"
    weights = to_timm(backbone.state_dict())
    save_file({n: value.contiguous() for n, value in weights.items()}, path)
    driver = TrainingDriver(make_viewer_model(), qtbot, epochs=1, tile_size=48)
    driver.options.base.pick(str(path))
    assert "backbone only" in driver.options.base._message.message()
    assert "40" in driver.options.epochs.specialValueText()
    driver.press_train()
    assert "can segment now" in driver.verdict
    assert driver.train.result.rows()[0][2] == "–"
    assert not read_info(own_model_path("my-model")).needs_training


def _models(segment):
    box = segment.sections.model._picker._models
    return [box.itemText(index) for index in range(box.count())]
