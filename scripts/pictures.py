"""Make the pictures of README and docs from a real napari window.

    python scripts/pictures.py [--output docs/images]

Writes segment_dock.png (the window after a run) and thresholds.gif (dragging the seed
threshold). Without a display it runs inside Xvfb.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
from _window import prepare_window, run_event_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

FRAMES = 28
FRAME_MS = 90
GIF_WIDTH = 900


def main() -> None:
    """Open the window, run the model, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("docs/images"))
    folder = parser.parse_args().output
    prepare_window()
    folder.mkdir(parents=True, exist_ok=True)
    viewer, dock = open_window()
    wait_until(lambda: dock.controller.runner.run is None, at_least=1.0)
    wait_until(lambda: not dock.controller.live.busy, at_least=0.5)
    picture(viewer).save(folder / "segment_dock.png", optimize=True)
    frames = [shrink(frame) for frame in drag(viewer, dock)]
    frames[0].save(
        folder / "thresholds.gif",
        save_all=True,
        append_images=frames[1:],
        duration=FRAME_MS,
        loop=0,
        optimize=True,
    )
    viewer.close()
    print(f"Wrote {folder / 'segment_dock.png'} and {folder / 'thresholds.gif'}")


def open_window() -> tuple[Any, Any]:
    """A viewer with a synthetic image, the dock, and a run under way."""
    import napari

    from dinocell_training.scenes import fluorescent_nuclei

    scene = fluorescent_nuclei(shape=(512, 512), seed=3)
    viewer = napari.Viewer()
    viewer.window.resize(1280, 860)
    viewer.add_image(scene.image, name=scene.name)
    _, dock = viewer.window.add_plugin_dock_widget("napari-dinocell", "Segment")
    wait_until(lambda: True, at_least=1.0)
    viewer.reset_view()
    dock.controller.segment()
    return viewer, dock


def drag(viewer: Any, dock: Any) -> list[Image]:
    """Pictures while the seed threshold goes up and down once."""
    section = dock.sections.thresholds
    config = section.config()
    frames = []
    for number in range(FRAMES):
        away = 0.35 * math.sin(2 * math.pi * number / FRAMES)
        value = round(config.seed_threshold + away, 2)
        section.set_config(replace(config, seed_threshold=value))
        section.changed.emit()
        wait_until(lambda: not dock.controller.live.busy, at_least=0.1)
        frames.append(picture(viewer))
    return frames


def picture(viewer: Any) -> Image:
    """The whole window."""
    from PIL import Image as Pillow

    return Pillow.fromarray(viewer.screenshot(canvas_only=False, flash=False))


def shrink(image: Image) -> Image:
    """Small enough for a README, in 128 colours."""
    height = round(image.height * GIF_WIDTH / image.width)
    return image.convert("RGB").resize((GIF_WIDTH, height)).quantize(128)


def wait_until(condition: Callable[[], bool], *, at_least: float) -> None:
    """Let the event loop run for some seconds, and on until the condition holds."""
    started = perf_counter()
    while perf_counter() - started < at_least or not condition():
        run_event_loop(10)


if __name__ == "__main__":
    main()
