"""One napari window for all tests of a file: opening one costs more than most tests.

`lend_viewer` and `lend_viewer_proxy` are used like napari's `make_napari_viewer` and
`make_napari_viewer_proxy`, once per test. What a test has put into the window goes
when the test is over. A test that needs two viewers opens its own.
"""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from napari import Viewer
from napari._app_model._app import NapariApplication, _napari_names
from napari._qt import qt_main_window
from napari._qt._qapp_model.qactions import init_qactions
from napari._qt.qt_viewer import QtViewer
from napari._qt.threads.status_checker import StatusChecker
from napari._qt.widgets import qt_viewer_buttons
from napari._vispy import canvas
from napari.components import Dims
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_dinocell.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

MakeViewer = Any  # takes show=True as napari's fixture does

SIZE = (1200, 800)

MOUSE = ("move", "wheel", "drag", "double_click")


class _NoConsole(QWidget):
    """In place of the IPython console, as in napari's own fixture."""

    def __init__(self, *_: object) -> None:
        super().__init__()

    def _update_theme(self, *_: object) -> None:
        pass


def _ignore(*_: object) -> None:
    pass


class WindowOfTheFile:
    """Opens a viewer when one is needed: a test may have closed the last one."""

    def __init__(self) -> None:
        self._viewer: Viewer | None = None

    @property
    def is_open(self) -> bool:
        return self._viewer is not None and hasattr(self._viewer.window, "_qt_window")

    def viewer(self) -> Viewer:
        if not self.is_open:
            self._viewer = Viewer(show=False, show_welcome_screen=False)
            QtViewer._instances.clear()  # napari's fixture would take it for a leak
        assert self._viewer is not None
        return self._viewer

    def close(self) -> None:
        """Close the window, and see that nothing holds it."""
        if not self.is_open:
            return
        assert self._viewer is not None
        widget = weakref.ref(self._viewer.window._qt_viewer)
        self._viewer.close()
        self._viewer = None
        gc.collect()
        assert widget() is None, "the window of the file was not freed"


@pytest.fixture(scope="module")
def window_of_the_file(qapp: QApplication) -> Iterator[WindowOfTheFile]:
    """A window in surroundings like those of `make_napari_viewer`."""
    app = NapariApplication("dinocell_tests")
    app.injection_store.namespace = _napari_names
    init_qactions.cache_clear()
    window = WindowOfTheFile()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NapariApplication, "get_app_model", lambda *_: app)
        patch.setattr(StatusChecker, "start", lambda *_: None)
        patch.setattr(QtViewer, "_get_console", _NoConsole)
        patch.setattr(qt_main_window, "SHOW_QT_WARNING", False)
        # the look of a button, computed anew with every selection of a layer
        patch.setattr(qt_viewer_buttons.QtViewerPushButton, "_refresh_qss", _ignore)
        yield window
        window.close()
        NapariApplication.destroy("dinocell_tests")
        init_qactions.cache_clear()


@pytest.fixture
def lend_viewer(
    window_of_the_file: WindowOfTheFile, qtbot: QtBot
) -> Iterator[MakeViewer]:
    viewer = window_of_the_file.viewer()
    viewer.window.resize(*SIZE)  # docks of the last test may have left no canvas
    mouse = _mouse_callbacks(viewer)

    def lend(*, show: bool = False) -> Viewer:
        if show:
            with qtbot.waitExposed(viewer.window._qt_window):
                viewer.window.show()
        return viewer

    yield lend
    if not window_of_the_file.is_open:
        return
    _empty(viewer)
    left = _mouse_callbacks(viewer)
    viewer.dims.ndisplay, viewer.dims.axis_labels = 2, Dims().axis_labels
    viewer.reset()  # not these of the dims; but napari's own callbacks, too
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
    """Neither docks nor layers nor the session of both, and hidden."""
    window = viewer.window
    while docks := list(window._wrapped_dock_widgets.values()):
        inner = docks[0].widget()
        window.remove_dock_widget(docks[0])  # a dock may take others along
        inner.close()
        inner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    Session._of_viewers.pop(viewer, None)
    with pytest.MonkeyPatch.context() as patch:
        # napari collects after each layer, where once does for all
        patch.setattr(canvas, "gc", SimpleNamespace(collect=int), raising=False)
        viewer.layers.clear()
    gc.collect()
    viewer.keymap.clear()
    window._qt_window.hide()
    QCoreApplication.processEvents()
