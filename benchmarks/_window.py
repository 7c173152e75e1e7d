"""A real napari window for benchmarks and pictures, on any machine."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from tempfile import TemporaryDirectory


def prepare_window() -> None:
    """Start again inside Xvfb where there is no display, and with default settings.

    The user's own dock settings are neither used nor changed.
    """
    _enter_xvfb()
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    os.environ["DINOCELL_HOME"] = folder.name


def run_event_loop(milliseconds: int) -> None:
    """As napari does, but for a moment only."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _enter_xvfb() -> None:
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not sys.platform.startswith("linux") or has_display:
        return
    xvfb = shutil.which("xvfb-run")
    if xvfb is None:
        sys.exit("No display, and no Xvfb: run scripts/system_packages.sh test")
    screen = ["-a", "-s", "-screen 0 1600x1000x24"]
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    os.execv(xvfb, [xvfb, *screen, sys.executable, *sys.argv])
