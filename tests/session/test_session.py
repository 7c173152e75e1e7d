"""What docks share has one owner per viewer."""

import gc
import weakref
from typing import Any

import pytest
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy
from tests.widgets.drivers.fakes import FakeModelSlot

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import JobBusyError
from napari_dinocell.session.choice import SegmentChoice
from napari_dinocell.session.session import Session

CHOICE = SegmentChoice(model="default", device="cpu", settings=SegmentConfig())


@pytest.fixture
def session() -> Session:
    session = Session()
    session.model = FakeModelSlot()
    return session


def load(session: Session) -> Any:
    """Have a job load the model, and end."""
    with session.jobs.taken("segment"):
        session.model.get("default", "cpu")


class Thing:
    """Stands for a viewer."""


def test_a_viewer_and_its_proxy_have_one_session_and_another_viewer_its_own() -> None:
    viewer = ViewerModel()
    session = Session.of(viewer)
    assert Session.of(viewer) is session
    assert Session.of(PublicOnlyProxy(viewer)) is session
    assert Session.of(ViewerModel()) is not session


def test_a_session_goes_with_its_viewer() -> None:
    viewer = Thing()
    session = weakref.ref(Session.of(viewer))
    assert session() is not None
    del viewer
    gc.collect()
    assert session() is None


def test_the_model_is_not_unloaded_while_a_job_has_it(session: Session) -> None:
    session.set_choice(CHOICE)
    job = session.jobs.take("estimate")
    session.model.get("default", "cpu")
    with pytest.raises(JobBusyError, match="measures cells"):
        session.unload_model()
    assert session.model.loaded
    job.release()
    session.unload_model()
    assert not session.model.loaded
    assert session.jobs.job is None


def test_the_model_stays_as_long_as_the_segment_dock_shows_it(session: Session) -> None:
    session.set_choice(CHOICE)
    load(session)
    assert session.model.loaded
    session.set_choice(None)
    assert not session.model.loaded


def test_without_a_segment_dock_a_model_goes_with_its_job(session: Session) -> None:
    load(session)
    assert not session.model.loaded


def test_a_dock_that_goes_in_the_middle_leaves_the_model_to_the_job(
    session: Session,
) -> None:
    session.set_choice(CHOICE)
    job = session.jobs.take("batch")
    session.model.get("default", "cpu")
    session.set_choice(None)
    assert session.model.loaded
    job.release()
    assert not session.model.loaded


def test_a_choice_is_announced_once(session: Session) -> None:
    seen = []
    session.choice_changed.connect(lambda: seen.append(session.choice))
    session.set_choice(CHOICE)
    session.set_choice(CHOICE)
    session.set_choice(None)
    assert seen == [CHOICE, None]


def test_a_model_is_selected_where_there_is_a_dock_to_select_it(
    session: Session,
) -> None:
    asked: list[str] = []
    session.model_asked.connect(asked.append)
    assert not session.select_model("mine")
    session.set_choice(CHOICE)
    assert session.select_model("mine")
    assert asked == ["mine"]


def test_results_go_with_their_images(session: Session) -> None:
    first, second = object(), object()
    session.results = {"1": first, "2": second}  # type: ignore[dict-item]
    session.keep_results_of(["2", "3"])
    assert session.results == {"2": second}
