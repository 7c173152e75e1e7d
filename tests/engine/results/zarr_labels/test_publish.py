"""Labels in the image's own store: listed, valid, and nothing else is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaozarrs
import zarr
from tests.ome_zarr_stores import snapshot, write_group, write_image

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.results.zarr_labels import publish
from napari_dinocell.engine.results.zarr_labels.layout import layout_of_image
from napari_dinocell.engine.results.zarr_labels.publish import (
    listed_labels,
    open_label_store,
    publish_labels,
)
from napari_dinocell.engine.results.zarr_labels.store import LabelStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_dinocell.engine.results.zarr_labels.reversible import WriteJson

REPOSITORY = Path(__file__).resolve().parents[4]
BOTH = pytest.mark.parametrize("version", ["0.4", "0.5"])
SCALE = (30, 1, 2, 0.5, 0.25)


def ids(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 90_000, (3, 64, 48), np.int32)


def make_image(path: Path, version: str) -> Path:
    pixels = np.zeros((1, 2, 3, 64, 48), np.uint8)
    return write_image(path, pixels, "tczyx", version=version, scale=SCALE, levels=3)


def cut_short(error: type[BaseException]) -> Iterator[np.ndarray]:
    yield ids(1)[0]
    raise error


def add_labels(
    path: Path, name: str, labels: Iterable[np.ndarray], **more: bool
) -> None:
    layout = layout_of_image(open_image(path), name=name)
    with open_label_store(path, layout, name, **more) as store:
        for z, plane in enumerate(labels):
            store.write((0, z), plane)
        store.describe(dinocell={"made": "by a test"})


def metadata_of(group: Path, version: str) -> dict:
    if version == "0.4":
        return json.loads((group / ".zattrs").read_text())
    return json.loads((group / "zarr.json").read_text())["attributes"]


@BOTH
def test_labels_are_listed_placed_and_valid(tmp_path, version):
    path = make_image(tmp_path / "a.zarr", version)
    before = snapshot(path)
    add_labels(path, "cells", ids(0))
    add_labels(path, "nuclei-2", ids(1))
    after = snapshot(path)
    assert {name: after[name] for name in before} == before
    assert {n.split("/")[0] for n in after.keys() - before.keys()} == {"labels"}
    yaozarrs.validate_zarr_store(str(path))
    assert listed_labels(path / "labels", version) == ["cells", "nuclei-2"]
    attributes = metadata_of(path / "labels" / "cells", version)
    assert attributes["dinocell"] == {"made": "by a test"}
    ome = attributes if version == "0.4" else attributes["ome"]
    assert ome["image-label"]["source"] == {"image": "../../"}
    (scales,) = ome["multiscales"]
    assert [axis["name"] for axis in scales["axes"]] == ["t", "z", "y", "x"]
    units = [axis["unit"] for axis in scales["axes"]]
    assert units == ["second", "micrometer", "micrometer", "micrometer"]
    found = [d["coordinateTransformations"][0]["scale"] for d in scales["datasets"]]
    assert found == [[30, 2, 0.5, 0.25], [30, 2, 1, 0.5], [30, 2, 2, 1]]
    read = open_image(path / "labels" / "nuclei-2", as_labels=True)
    assert read.pixel_size == open_image(path).pixel_size
    np.testing.assert_array_equal(list(read.pages()), ids(1))


@BOTH
def test_labels_of_others_are_kept_in_the_list(tmp_path, version):
    """Other tools' entries stay, whatever stands beside them."""
    path = make_image(tmp_path / "a.zarr", version)
    zarr_format = 2 if version == "0.4" else 3
    listed = {"labels": ["theirs"]}
    attributes = listed if version == "0.4" else {"ome": {"version": "0.5"} | listed}
    zarr.create_group(
        str(path / "labels"),
        zarr_format=zarr_format,
        attributes=attributes | {"note": "mine"},
    )
    (path / "labels" / "theirs").mkdir()
    add_labels(path, "cells", ids(0))
    assert listed_labels(path / "labels", version) == ["theirs", "cells"]
    assert metadata_of(path / "labels", version)["note"] == "mine"
    group = zarr.open_group(str(path / "labels"), mode="r", use_consolidated=False)
    assert group.metadata.zarr_format == zarr_format


@BOTH
def test_existing_labels_are_never_replaced_unasked(tmp_path, version):
    path = make_image(tmp_path / "a.zarr", version)
    add_labels(path, "cells", ids(0))
    before = snapshot(path)
    with pytest.raises(ExportError, match=r"named 'cells' already.*--overwrite-labels"):
        add_labels(path, "cells", ids(1))
    assert snapshot(path) == before
    add_labels(path, "cells", ids(1), overwrite=True)
    assert listed_labels(path / "labels", version) == ["cells"]
    read = open_image(path / "labels" / "cells", as_labels=True)
    np.testing.assert_array_equal(list(read.pages()), ids(1))
    assert snapshot(path).keys() == before.keys(), "litter was left"


@BOTH
@pytest.mark.parametrize("former", [False, True], ids=["first", "replacing"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_run_that_ends_early_changes_nothing(tmp_path, version, former, error):
    path = make_image(tmp_path / "a.zarr", version)
    if former:
        add_labels(path, "cells", ids(0))
    before = snapshot(path)
    with pytest.raises(error):
        add_labels(path, "cells", cut_short(error), overwrite=True)
    assert snapshot(path) == before


@BOTH
@pytest.mark.parametrize("name", ["cells", "others"])
def test_a_list_that_cannot_be_written_takes_the_labels_back(
    tmp_path, version, name, monkeypatch
):
    path = make_image(tmp_path / "a.zarr", version)
    add_labels(path, "cells", ids(0))
    before = snapshot(path)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish, "listed_labels", refuse)
    with pytest.raises(ExportError, match="No space left on device"):
        add_labels(path, name, ids(1), overwrite=True)
    assert snapshot(path) == before


@BOTH
def test_readers_of_consolidated_metadata_see_the_labels(tmp_path, version):
    """Those of the image, and those of a store that the image is a part of."""
    root = write_group(tmp_path / "root.zarr", {"series": ["a"]}, version)
    path = make_image(root / "a", version)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Zarr 3 has no specification of it yet
        for store in (path, root):
            zarr.consolidate_metadata(str(store))
    add_labels(path, "cells", ids(0))
    add_labels(path, "cells", ids(1), overwrite=True)
    for store, inside in ((path, "labels/cells"), (root, "a/labels/cells")):
        group = zarr.open_group(str(store), mode="r")
        assert group.metadata.consolidated_metadata is not None
        np.testing.assert_array_equal(group[f"{inside}/s0"][0], ids(1))
        names = group[inside.rpartition("/")[0]].attrs.asdict()
        assert "cells" in str(names)


@BOTH
def test_a_copy_of_metadata_that_cannot_be_written(tmp_path, version, monkeypatch):
    path = make_image(tmp_path / "a.zarr", version)
    before = snapshot(path)

    def refuse(_: Path, write: WriteJson) -> None:
        write(path / "s0" / "new", {})
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish, "update_copies", refuse)
    with pytest.raises(ExportError, match="No space left on device"):
        add_labels(path, "cells", ids(1))
    assert snapshot(path) == before


def test_labels_from_another_place_are_moved_in(tmp_path, monkeypatch):
    path = make_image(tmp_path / "a.zarr", "0.5")
    layout = layout_of_image(open_image(path), name="cells")
    store = LabelStore.create(tmp_path / "run" / "labels", layout)
    store.write((0, 1), ids(0)[1])
    store.build_pyramid()
    publish_labels(store.folder, path, "cells", "0.5")
    assert not store.folder.exists()
    yaozarrs.validate_zarr_store(str(path))
    read = list(open_image(path / "labels" / "cells", as_labels=True).pages())
    np.testing.assert_array_equal(read[1], ids(0)[1])
    assert not read[0].any()


@pytest.mark.parametrize("name", ["", ".cells", "__c", "a/b", "..", "ä", "a b"])
def test_names_that_not_all_systems_take(tmp_path, name):
    path = make_image(tmp_path / "a.zarr", "0.5")
    with pytest.raises(ExportError, match="Expected a name of letters"):
        add_labels(path, name, ids(0))


def test_a_store_that_may_not_be_written(tmp_path, monkeypatch):
    """Read-only disks say so in other words than missing permissions."""
    path = make_image(tmp_path / "a.zarr", "0.5")

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(publish.LabelStore, "create", refuse)
    with pytest.raises(ExportError, match=r"may not be written to .*\(-o DIR\)"):
        add_labels(path, "cells", ids(0))


def run_script(script: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    folders = [REPOSITORY / "src", REPOSITORY]
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, paths)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=False,
    )


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from napari_dinocell.engine.errors import ExportError
from tests.engine.results.zarr_labels.test_publish import add_labels, ids
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))
for path in map(Path, sys.argv[1:]):
    try:
        add_labels(path, "cells", ids(1), overwrite=True)
    except ExportError as error:
        print("refused:", " ".join(str(error).splitlines()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_full_disk_leaves_every_file_as_it_was(tmp_path):
    """One process, for most of its time goes into imports."""
    paths = [make_image(tmp_path / f"{v}.zarr", v) for v in ("0.4", "0.5")]
    for path in paths:
        add_labels(path, "cells", ids(0))
    before = [snapshot(path) for path in paths]
    result = run_script(FULL_DISK, *paths)
    said = result.stdout.splitlines()
    assert [line.split(":")[0] for line in said] == ["refused"] * 2, result.stderr
    assert [snapshot(path) for path in paths] == before


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.engine.results.zarr_labels.test_publish import add_labels, ids

def labels():
    yield ids(1)[0]
    os.kill(os.getpid(), signal.SIGKILL)

add_labels(Path(sys.argv[1]), "cells", labels(), overwrite=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_what_a_killed_run_leaves_is_hidden_and_goes_with_the_next(tmp_path):
    path = make_image(tmp_path / "a.zarr", "0.5")
    add_labels(path, "cells", ids(0))
    before = snapshot(path)
    assert run_script(KILLED, path).returncode == -9
    after = snapshot(path)
    assert {name: after[name] for name in before} == before
    left = {name.split("/")[0] for name in after.keys() - before.keys()}
    assert [name[:7] for name in left] == [".cells."]
    publish.clear_once.cache_clear()  # as in the program that runs next
    add_labels(path, "others", ids(1))
    assert not any(name.startswith(".cells") for name in snapshot(path))
