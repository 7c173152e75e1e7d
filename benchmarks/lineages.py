"""How well and how fast are cells followed through time, and who is whose daughter?

    python benchmarks/lineages.py [--scenes N] [--side N] [--repeat N] [--json]

Follows the cells of made-up time-lapses of dividing nuclei, of which the truth is
known, from frames that each have ids of their own: as they are, and with the faults of
a segmentation (a cell missing in a frame, cut in two, or joined with a neighbour). The
same frames go to our linker, and to LapTrack (Fukai & Kawaguchi, Bioinformatics 2023)
by distance and by overlap, each at the best of several settings; the better one counts.
TRA and the F1 of divisions in the right frame, BC(0), are those of py-ctcmetrics.

Seconds of CPU per frame, and the peak of traced memory, are of our linker and of
finding the lineage, at a side given by --side: the scene repeated side by side.

Needs the packages laptrack and py-ctcmetrics.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import tracemalloc
import warnings
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from dinocell_training.scenes import dividing_cells
from napari_dinocell.engine.lineage.find import find_lineage
from napari_dinocell.engine.lineage.observe import Observations, Observer
from napari_dinocell.engine.lineage.rename import rename_cells
from napari_dinocell.engine.link import PageLinker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dinocell_training.scenes.scene import Scene
    from napari_dinocell.engine.arrays import Labels

FAULTS = {"truth": 0.0, "faults": 0.02}
"""Share of cells that are missing, cut, or joined in a frame, each."""

SETTINGS = {
    "distance": ((15.0, 25.0), (25.0, 25.0), (35.0, 35.0)),
    "overlap": ((0.9, 0.9), (0.95, 0.95), (0.999, 0.999)),
}
"""Of LapTrack: largest ways in pixels, or 1 - IoU, of links and of divisions."""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--repeat", type=int, default=6, help="frames that are timed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # LapTrack's about pandas
    scenes = [dividing_cells(seed=seed) for seed in range(options.scenes)]
    results = [compare(scenes, name, share) for name, share in FAULTS.items()]
    timing = time_frames(scenes[0].labels, options.side, options.repeat)
    for result in results:
        result |= timing
        if options.json:
            print(json.dumps(result))
        else:
            print("  ".join(f"{key} {value}" for key, value in result.items()))


def compare(scenes: list[Scene], name: str, share: float) -> dict[str, Any]:
    """Mean scores of all linkers."""
    ours, by_setting = [], {setting: [] for setting in laptrack_settings()}
    for seed, scene in enumerate(scenes):
        frames = faulty(scene.labels, share, seed)
        ours.append(score(scene, link_ours(frames)))
        for setting, scores in by_setting.items():
            scores.append(score(scene, link_laptrack(frames, *setting)))
    means = {key: np.mean(scores, axis=0) for key, scores in by_setting.items()}
    setting, best = max(means.items(), key=lambda item: item[1].sum())
    tra, division = np.mean(ours, axis=0)
    return {
        "data": name,
        "tra": round(float(tra), 4),
        "division_f1": round(float(division), 3),
        "tra_laptrack": round(float(best[0]), 4),
        "division_f1_laptrack": round(float(best[1]), 3),
        "laptrack": " ".join(map(str, setting)),
    }


def faulty(labels: Labels, share: float, seed: int) -> Labels:
    """Frames with ids of their own, and some cells missing, cut or joined."""
    rng, result = np.random.default_rng(seed), labels.copy()
    for page in result:
        for cell in np.unique(page[page > 0]):
            rows, columns = np.nonzero(page == cell)
            fate = rng.uniform()
            if not len(rows) or fate > 3 * share:
                continue
            if fate < share:
                page[rows, columns] = 0
            elif fate < 2 * share:
                half = columns > np.median(columns)
                page[rows[half], columns[half]] = labels.max() + cell
            else:
                near = page[max(rows.min() - 2, 0) : rows.max() + 3]
                near = near[:, max(columns.min() - 2, 0) : columns.max() + 3]
                others = np.unique(near[(near > 0) & (near != cell)])
                if len(others):
                    page[page == others[0]] = cell
        ids, rows = np.unique(page, return_inverse=True)
        names = np.concatenate([[0], 1 + rng.permutation(len(ids) - 1)])
        page[...] = names[rows.reshape(page.shape)]
    return result


def link_ours(frames: Labels) -> tuple[Labels, dict[int, int]]:
    """Labels with the ids of the lineage, and mothers by daughters."""
    linker, observer = PageLinker(), Observer()
    linked = np.stack([linker.link(page, (t,)) for t, page in enumerate(frames)])
    for t, page in enumerate(linked):
        observer.add(page, t)
    lineage, names = find_lineage(observer.finish())
    pages = [rename_cells(page, names, t) for t, page in enumerate(linked)]
    return np.stack(pages), {t.id: t.parent for t in lineage.tracks if t.parent}


def laptrack_settings() -> Iterator[tuple[str, float, float]]:
    """Metric, and the largest cost of a link and of a division."""
    for metric, pairs in SETTINGS.items():
        yield from ((metric, *pair) for pair in pairs)


def link_laptrack(
    frames: Labels, metric: str, link: float, split: float
) -> tuple[Labels, dict[int, int]]:
    """The same by LapTrack, which closes gaps of one frame, too."""
    from laptrack import LapTrack, OverLapTrack

    if metric == "distance":
        seen = observe(frames)
        tracker = LapTrack(
            cutoff=link**2,
            splitting_cutoff=split**2,
            gap_closing_cutoff=link**2,
            gap_closing_max_frame_count=1,
        )
        points = [seen.centres[seen.frames == t, 1:] for t in range(len(frames))]
        ids = [seen.cells[seen.frames == t] for t in range(len(frames))]
        tree = tracker.predict(points)
        edges = [((a, ids[a][i]), (b, ids[b][j])) for (a, i), (b, j) in tree.edges]
        return from_edges(frames, edges)
    tracker = OverLapTrack(
        cutoff=link,
        splitting_cutoff=split,
        gap_closing_cutoff=link,
        gap_closing_max_frame_count=1,
    )
    table, splits, _ = tracker.predict_overlap_dataframe(frames)
    result = np.zeros_like(frames)
    for row in table.reset_index().to_dict("records"):
        frame, own = int(row["frame"]), int(row["label"])
        result[frame][frames[frame] == own] = int(row["track_id"]) + 1
    mothers = {
        int(child) + 1: int(parent) + 1
        for row in splits.to_dict("records")
        for parent, child in [(row["parent_track_id"], row["child_track_id"])]
    }
    return result, mothers


def from_edges(
    frames: Labels, edges: list[tuple[tuple[int, int], tuple[int, int]]]
) -> tuple[Labels, dict[int, int]]:
    """Tracks end where two edges leave."""
    following: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for source, target in edges:
        following.setdefault(source, []).append(target)
    begun = {target: source for source, target in edges}
    result, names, mothers = np.zeros_like(frames), {}, {}
    for t, page in enumerate(frames):
        for own in np.unique(page[page > 0]):
            node = (t, own)
            before = begun.get(node)
            if before is not None and len(following[before]) == 1:
                names[node] = names[before]
            else:
                names[node] = len(set(names.values())) + 1
                if before is not None:
                    mothers[names[node]] = names[before]
            result[t][page == own] = names[node]
    return result, mothers


def score(scene: Scene, found: tuple[Labels, dict[int, int]]) -> tuple[float, float]:
    """TRA and BC(0)."""
    from ctc_metrics import evaluate_sequence

    with tempfile.TemporaryDirectory() as folder:
        truth, result = Path(folder) / "truth", Path(folder) / "result"
        write_challenge(truth / "TRA", scene.labels, scene.mothers, "man_track")
        write_challenge(result, *found, "mask")
        (result / "mask.txt").rename(result / "res_track.txt")
        with contextlib.redirect_stdout(io.StringIO()):
            scores = evaluate_sequence(str(result), str(truth), metrics=["TRA", "BC"])
    return float(scores["TRA"]), float(scores["BC(0)"] or 0)


def write_challenge(
    folder: Path, labels: Labels, mothers: dict[int, int], name: str
) -> None:
    """Masks and table as they are; a gap is a new track with one parent."""
    labels, mothers = labels.copy(), dict(mothers)
    newest = int(labels.max())
    spans: dict[int, tuple[int, int]] = {}
    latest: dict[int, int] = {}
    for t, page in enumerate(labels):
        for cell in np.unique(page[page > 0]).tolist():
            known = latest.get(cell, cell)
            if known in spans and spans[known][1] < t - 1:
                newest += 1
                mothers[newest], latest[cell] = known, newest
                known = newest
            spans[known] = (spans.get(known, (t, t))[0], t)
            page[page == cell] = known if known == cell else -known
        page[...] = abs(page)
    folder.mkdir(parents=True)
    lines = []
    for cell, (first, last) in sorted(spans.items()):
        mother = latest_before(mothers.get(cell, 0), latest, spans, first)
        lines.append(f"{cell} {first} {last} {mother}\n")
    (folder / f"{name}.txt").write_text("".join(lines))
    for t, page in enumerate(labels):
        tifffile.imwrite(folder / f"{name}{t:03}.tif", page.astype(np.uint16))


def latest_before(
    mother: int, latest: dict[int, int], spans: dict[int, tuple[int, int]], first: int
) -> int:
    """What a mother was called last; none if she lives on beside her daughter."""
    mother = latest.get(mother, mother) if mother else 0
    return mother if mother in spans and spans[mother][1] < first else 0


def observe(frames: Labels) -> Observations:
    """Where the cells are."""
    observer = Observer()
    for t, page in enumerate(frames):
        observer.add(page, t)
    return observer.finish()


def time_frames(labels: Labels, side: int, count: int) -> dict[str, Any]:
    """Seconds per frame and peak memory, with cells as dense as in the scene."""
    times = -(-side // labels.shape[1])
    offsets = np.arange(times**2).reshape(times, times) * int(labels.max())

    def tiled(page: Labels) -> Labels:
        big = np.tile(page, (times, times))
        shift = np.kron(offsets, np.ones(page.shape, np.int32)).astype(np.int32)
        result: Labels = np.where(big > 0, big + shift, 0).astype(np.int32)
        return result[:side, :side]

    pages = [tiled(page) for page in labels[:count]]

    def run() -> Observations:
        linker, observer = PageLinker(), Observer()
        for t, page in enumerate(pages):
            observer.add(linker.link(page, (t,)), t)
        seen = observer.finish()
        find_lineage(seen)
        return seen

    started = process_time()
    seen = run()
    seconds = (process_time() - started) / len(pages)
    return {
        "frames": len(pages),
        "cells": round(len(seen.cells) / len(pages)),
        "side": side,
        "seconds_per_frame": round(seconds, 3),
        "peak_mb": round(peak(run) / 1e6, 1),
    }


def peak(run: Callable[[], object]) -> int:
    """Bytes that were held at most, besides the frames themselves."""
    tracemalloc.start()
    run()
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return highest


if __name__ == "__main__":
    main()
