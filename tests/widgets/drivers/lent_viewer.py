"""One napari window for all tests of a file: opening one costs more than most tests.

`lend_viewer` and `lend_viewer_proxy` are used like napari's `make_napari_viewer` and
`make_napari_viewer_proxy`, once per test. What a test has put into the window goes
when the test is over. A test that closes its viewer, or needs two, opens its own.
"""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from napari import Viewer
from napari._app_model._app import NapariApplication, _napari_names
from napari._qt import qt_main_window
from napari._qt._qapp_model.qactions import init_qactions
from napari._qt.qt_viewer import QtViewer
from napari._qt.threads.status_checker import StatusChecker
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

MakeViewer = Any  # takes show=True as napari's fixture does

MOUSE = ("move", "wheel", "drag", "double_click")


class _NoConsole(QWidget):
    """In place of the IPython console, as in napari's own fixture."""

    def __init__(self, *_: object) -> None:
        super().__init__()

    def _update_theme(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def viewer_of_the_file(
    qapp: QApplication, request: pytest.FixtureRequest
) -> Iterator[Viewer]:
    """A viewer in surroundings like those of `make_napari_viewer`."""
    failed = request.session.testsfailed
    app = NapariApplication("dinocell_tests")
    app.injection_store.namespace = _napari_names
    init_qactions.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NapariApplication, "get_app_model", lambda *_: app)
        patch.setattr(StatusChecker, "start", lambda *_: None)
        patch.setattr(QtViewer, "_get_console", _NoConsole)
        patch.setattr(qt_main_window, "SHOW_QT_WARNING", False)
        viewer = Viewer(show=False, show_welcome_screen=False)
        yield viewer
        window = weakref.ref(viewer.window._qt_viewer)
        QtViewer._instances.clear()  # napari's fixture would miss it, and fail
        viewer.close()
        NapariApplication.destroy("dinocell_tests")
        init_qactions.cache_clear()
    del viewer, app
    gc.collect()
    if request.session.testsfailed == failed:  # else tracebacks may hold it
        assert window() is None, "the window of the file was not freed"


@pytest.fixture
def lend_viewer(viewer_of_the_file: Viewer, qtbot: QtBot) -> Iterator[MakeViewer]:
    viewer = viewer_of_the_file
    mouse = _mouse_callbacks(viewer)
    QtViewer._instances.clear()

    def lend(*, show: bool = False) -> Viewer:
        if show:
            with qtbot.waitExposed(viewer.window._qt_window):
                viewer.window.show()
        return viewer

    yield lend
    _empty(viewer)
    left = _mouse_callbacks(viewer)
    viewer.reset()  # takes napari's own callbacks, too
    viewer.update(mouse)
    assert left == mouse, "a dock has left its mouse callbacks"


@pytest.fixture
def lend_viewer_proxy(
    lend_viewer: MakeViewer, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """What plugins get: private members of napari are out of reach."""
    monkeypatch.setenv("NAPARI_ENSURE_PLUGIN_MAIN_THREAD", "True")
    return lambda **options: PublicOnlyProxy(lend_viewer(**options))


def _mouse_callbacks(viewer: Viewer) -> dict[str, list[Any]]:
    names = [f"mouse_{kind}_callbacks" for kind in MOUSE]
    return {name: list(getattr(viewer, name)) for name in names}


def _empty(viewer: Viewer) -> None:
    """Neither docks nor layers, and hidden."""
    window = viewer.window
    while docks := list(window._wrapped_dock_widgets.values()):
        inner = docks[0].widget()
        window.remove_dock_widget(docks[0])  # a dock may take others along
        inner.close()
        inner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    viewer.layers.clear()
    viewer.keymap.clear()
    window._qt_window.hide()
    QCoreApplication.processEvents()
