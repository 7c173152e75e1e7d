"""`dinocell blocks`: plan, run in shares, finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import zarr

from napari_dinocell.engine.segment import segment
from tests.engine.blocks.test_run import cells_on_noise, quick_network
from tests.ome_zarr_stores import write_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Outcome

__all__ = ["quick_network"]


def test_plan_run_finish(dinocell: Callable[..., Outcome], tmp_path: Path) -> None:
    plane = cells_on_noise((310, 420))
    image, run = tmp_path / "plane.npy", tmp_path / "run"
    np.save(image, plane)
    options = ("--device", "cpu", "--block", 128, "-d", "none", "--fill-holes")
    planned = dinocell("blocks", "plan", image, "-o", run, *options)
    assert planned.status == 0
    assert planned.out.split() == ["network", "4", "cells", "12"]
    early = dinocell("blocks", "finish", run)
    assert early.status == 1
    assert "4 are not: 0, 1, 2, 3 (counted" in early.err
    for share in ("2/2", "1/2"):
        done = dinocell("blocks", "run", run, "--stage", "network", "--job", share)
        assert done.status == 0
    assert dinocell("blocks", "run", run).status == 0
    finished = dinocell("blocks", "finish", run)
    labels = zarr.open_array(str(run / "labels.zarr"), mode="r")[:, :]
    count = np.unique(labels[labels > 0]).size
    assert finished.out.split()[:2] == [str(count), "cells"]
    expected = segment(plane, device="cpu", cell_diameter=None, fill_holes=True)
    assert np.array_equal(labels, expected)

    at_once = ("blocks", "segment", image, "-o", tmp_path / "at once", *options)
    first = dinocell(*at_once)
    assert first.out.split()[:2] == [str(count), "cells"]
    again = zarr.open_array(str(tmp_path / "at once" / "labels.zarr"), mode="r")
    assert np.array_equal(labels, again[:, :])
    assert "Go on with it by --resume" in dinocell(*at_once).err
    assert dinocell(*at_once, "--resume").out == first.out
    other = dinocell(*at_once, "--resume", "--min-size", 50)
    assert "but settings differ" in other.err


def test_labels_become_part_of_the_image(
    dinocell: Callable[..., Outcome], tmp_path: Path
) -> None:
    image = write_image(tmp_path / "a.zarr", cells_on_noise((170, 230)), "yx", levels=2)
    run = tmp_path / "run"
    options = ("--device", "cpu", "--block", 128, "-d", "none", "--level", 1)
    part = ("--region", "0:80,10:115")
    assert dinocell("blocks", "plan", image, "-o", run, *options, *part).status == 0
    assert dinocell("blocks", "run", run).status == 0
    finished = dinocell("blocks", "finish", run, "--labels-name", "mine")
    assert finished.out.split()[-1] == str(image / "labels" / "mine")
    again = dinocell("blocks", "finish", run, "--labels-name", "mine")
    assert again.status == 1
    assert "has labels named 'mine' already" in again.err
    more = ("--labels-name", "mine", "--overwrite-labels")
    assert dinocell("blocks", "finish", run, *more).status == 0


def test_wrong_shares_and_stages_are_told(
    dinocell: Callable[..., Outcome], tmp_path: Path
) -> None:
    for share in ("0/4", "5/4", "one"):
        wrong = dinocell("blocks", "run", tmp_path, "--stage", "cells", "--job", share)
        assert wrong.status == 2
        assert "expected K/N" in wrong.err
    unnamed = dinocell("blocks", "run", tmp_path, "--job", "1/2")
    assert "expected --stage" in unnamed.err
    serial = ("--scheduler", "serial", "--workers", 2)
    assert "one worker" in dinocell("blocks", "run", tmp_path, *serial).err
    missing = dinocell("blocks", "run", tmp_path)
    assert missing.status == 1
    assert "plan.json cannot be read" in missing.err
