"""What does the dock feel like? Opening, first labels, stalls, slider frames.

    python benchmarks/gui.py [--size N] [--runs N] [--device NAME] [--json]

Opens a real napari window (without a display inside Xvfb, where all drawing is done by
the processor), adds the dock as a user does, and measures what the user feels:

- open: from asking for the dock to an idle window with it, imports included;
- first labels: from the press on Segment to the first labels drawn; the model is
  loaded (the cold first run is reported apart) and the result layers are new;
- whole run: to its end, beside the engine's own time for the same image, without
  layers, previews and redraws, and beside what the GUI thread works;
- stalls: gaps between the ticks of a 10 ms timer while a run is under way;
- slider: from moving the seed threshold to the drawn frame that shows its labels,
  `engine` being the share of the live watershed; beside it what the GUI thread works,
  and a bare frame, in which nothing has changed: so long the window itself takes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from statistics import median
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any

from _window import prepare_window, run_event_loop

if TYPE_CHECKING:
    from collections.abc import Callable

PLUGIN, WIDGET = "napari-dinocell", "Segment"
TICK_MS = 10
TIMEOUT = 600.0
"""Seconds: on a busy machine the import of torch alone can take a minute."""


@dataclass(frozen=True)
class Result:
    """What is printed; the first six are the keys of the JSON output."""

    open_s: float
    first_labels_s: float
    stall_median_ms: float
    stall_max_ms: float
    slider_ms: float
    slider_engine_ms: float
    size: int
    cells: int
    run_s: float
    cold_first_labels_s: float
    slider_max_ms: float
    slider_cpu_ms: float
    bare_frame_ms: float
    run_cpu_s: float
    engine_s: float


def main() -> None:
    """Measure and report."""
    options = _parse_options()
    prepare_window()
    result = measure(options.size, options.runs, options.device)
    if options.json:
        print(json.dumps({k: round(v, 4) for k, v in asdict(result).items()}))
    else:
        _print_table(result)


def measure(size: int, runs: int, device: str) -> Result:
    """Drive the dock in a real window."""
    import napari

    from dinocell_training.scenes import fluorescent_nuclei

    image = fluorescent_nuclei(shape=(size, size), seed=1).image
    viewer = napari.Viewer()
    viewer.window.resize(1400, 900)
    settle()
    started = perf_counter()
    _, dock = viewer.window.add_plugin_dock_widget(PLUGIN, WIDGET)
    settle()
    open_s = perf_counter() - started
    viewer.add_image(image, name="nuclei")
    dock.sections.model.set_device(device)
    settle()
    ticks = Ticks()
    cold, _ = press_segment(viewer, dock, ticks)
    ticks.gaps.clear()
    first, seconds, worked = [], [], []
    for _ in range(runs):
        remove_results(viewer)
        forget_map(dock)
        before = thread_time()
        first_labels, run_seconds = press_segment(viewer, dock, ticks)
        worked.append(thread_time() - before)
        first.append(first_labels)
        seconds.append(run_seconds)
    ticks.stop()
    engine_s = time_engine(dock, image)
    bare = [draw_bare_frame(viewer) for _ in range(20)]
    frames, engine, cpu = drag_slider(viewer, dock)
    cells = len(set(viewer.layers["nuclei labels"].data.ravel().tolist())) - 1
    result = Result(
        open_s=open_s,
        first_labels_s=median(first),
        stall_median_ms=median(ticks.gaps),
        stall_max_ms=max(ticks.gaps),
        slider_ms=median(frames),
        slider_engine_ms=median(engine),
        size=size,
        cells=cells,
        run_s=median(seconds),
        cold_first_labels_s=cold,
        slider_max_ms=max(frames),
        slider_cpu_ms=median(cpu),
        bare_frame_ms=median(bare),
        run_cpu_s=median(worked),
        engine_s=engine_s,
    )
    viewer.close()
    return result


class Ticks:
    """Gaps between the ticks of a timer, while it is told to count."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.gaps: list[float] = []
        """Milliseconds."""
        self._last: float | None = None
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start(TICK_MS)

    def count(self, counting: bool) -> None:
        """Begin or end counting."""
        self._last = perf_counter() if counting else None

    def stop(self) -> None:
        """End for good."""
        self._timer.stop()

    def _on_tick(self) -> None:
        if self._last is not None:
            now = perf_counter()
            self.gaps.append(1e3 * (now - self._last))
            self._last = now


def press_segment(viewer: Any, dock: Any, ticks: Ticks) -> tuple[float, float]:
    """Seconds to the first drawn labels, and to the end of the run."""
    controller = dock.controller
    labels_at: list[float] = []

    def note_labels(cells: int) -> None:
        labels_at.append(perf_counter())

    controller.runner.counted.connect(note_labels)
    ticks.count(True)
    started = perf_counter()
    dock.controller.segment()
    wait_until(lambda: bool(labels_at))
    wait_for_drawing(viewer)
    first = perf_counter() - started
    wait_until(lambda: controller.runner.run is None)
    wait_for_drawing(viewer)
    seconds = perf_counter() - started
    ticks.count(False)
    controller.runner.counted.disconnect(note_labels)
    return first, seconds


def drag_slider(viewer: Any, dock: Any, moves: int = 60) -> tuple[list[float], ...]:
    """Milliseconds from a move to its drawn frame, the engine's share, and CPU time.

    The latter is what the GUI thread works until the frame is drawn.
    """
    section, live = dock.sections.thresholds, dock.controller.live
    canvas = viewer.window._qt_viewer.canvas._scene_canvas
    drawn: list[object] = []
    shown: list[int] = []
    canvas.events.draw.connect(drawn.append)
    live.counted.connect(lambda cells: shown.append(len(drawn)))
    frames, engine, cpu = [], [], []
    for move in range(moves):
        value = 0.35 + 0.01 * (move if move < moves // 2 else moves - move)
        shown.clear()
        started, worked = perf_counter(), thread_time()
        section.set_config(replace(section.config(), seed_threshold=value))
        section.changed.emit()
        # the labels are new, and the canvas was drawn after that
        wait_until(lambda: bool(shown) and len(drawn) > shown[0])
        frames.append(1e3 * (perf_counter() - started))
        cpu.append(1e3 * (thread_time() - worked))
        engine.append(1e3 * live.engine_seconds)
    canvas.events.draw.disconnect(drawn.append)
    wait_until(lambda: not live.busy)
    return frames[1:], engine[1:], cpu[1:]


def draw_bare_frame(viewer: Any) -> float:
    """Milliseconds from asking for a frame to having it, nothing having changed."""
    started = perf_counter()
    wait_for_drawing(viewer)
    return 1e3 * (perf_counter() - started)


def time_engine(dock: Any, image: Any) -> float:
    """Seconds that the engine takes for the map and the labels, without a window."""
    model, result = dock.sections.model, dock.controller.result
    segmenter, _ = dock.controller.session.model.get(model.model(), model.device())
    config = result.stack.records[-1].asked
    segmenter.forget_map()
    started = perf_counter()
    for _ in segmenter.steps(image, config):
        pass
    segmenter.watershed.query(config.watershed).labels()
    return perf_counter() - started


def remove_results(viewer: Any) -> None:
    """Take the result layers away, so that the next run makes them anew."""
    viewer.layers.remove("nuclei labels")
    settle()


def forget_map(dock: Any) -> None:
    """Have the next run predict again what the model has just predicted."""
    model = dock.sections.model
    segmenter, _ = dock.controller.session.model.get(model.model(), model.device())
    segmenter.forget_map()


def wait_for_drawing(viewer: Any) -> None:
    """Return when the canvas has drawn what is due."""
    drawn: list[object] = []
    canvas = viewer.window._qt_viewer.canvas._scene_canvas
    canvas.events.draw.connect(drawn.append)
    canvas.update()
    wait_until(lambda: bool(drawn))
    canvas.events.draw.disconnect(drawn.append)


def wait_until(condition: Callable[[], bool]) -> None:
    """Let the event loop run, asleep where it has nothing to do, until it holds."""
    deadline = perf_counter() + TIMEOUT
    while not condition():
        run_event_loop(2)
        if perf_counter() > deadline:
            raise TimeoutError("the viewer did not do what was waited for")


def settle(seconds: float = 0.3) -> None:
    """Let the event loop run until the window is idle: no long work for a while."""
    quiet_since = perf_counter()
    while perf_counter() - quiet_since < seconds:
        before = perf_counter()
        run_event_loop(5)
        if perf_counter() - before > 0.03:
            quiet_since = perf_counter()


def _print_table(result: Result) -> None:
    rows = [
        ("dock open", f"{result.open_s:.2f} s", "<= 1 s"),
        ("first labels", f"{result.first_labels_s:.2f} s", "<= 2 s"),
        ("whole run", f"{result.run_s:.2f} s", "<= 1.5 engine's"),
        ("engine alone", f"{result.engine_s:.2f} s", ""),
        ("of a run the GUI thread", f"{result.run_cpu_s:.2f} s", ""),
        ("first labels, model cold", f"{result.cold_first_labels_s:.2f} s", ""),
        ("stall, median", f"{result.stall_median_ms:.0f} ms", "<= 30 ms"),
        ("stall, longest", f"{result.stall_max_ms:.0f} ms", "<= 250 ms"),
        ("slider frame, median", f"{result.slider_ms:.0f} ms", "<= 40 ms"),
        ("slider frame, longest", f"{result.slider_max_ms:.0f} ms", ""),
        ("bare frame, median", f"{result.bare_frame_ms:.0f} ms", ""),
        ("GUI thread per frame", f"{result.slider_cpu_ms:.0f} ms", ""),
        ("of it the engine", f"{result.slider_engine_ms:.1f} ms", "<= 16 ms"),
    ]
    print(f"{result.size} x {result.size}, {result.cells} cells")
    for name, value, target in rows:
        print(f"  {name:26} {value:>10}   {target}")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2048, help="side of the plane")
    parser.add_argument("--runs", type=int, default=5, help="presses on Segment")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
