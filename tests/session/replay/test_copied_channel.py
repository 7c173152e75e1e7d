"""Copies name the channel that an image decided for: rules may change, labels not."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import imageio.v3 as iio
import numpy as np
import pytest
from tests.engine.drawings.tissue import as_uint8, stained
from tests.widgets.drivers.run_records import (
    bare_record,
    posix_command,
    run_script,
)

from napari_dinocell import segment
from napari_dinocell.session.replay.python import as_python

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.session.replay.run_record import RunRecord

pytestmark = pytest.mark.usefixtures("one_network")

TISSUE = as_uint8(stained())[:72, :96]


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    path = tmp_path / "a.png"
    iio.imwrite(path, TISSUE)
    return replace(
        bare_record(),
        source_path=str(path),
        rgb=True,
        device="cpu",
        cell_diameter=14.0,
        channel="hematoxylin",
    )


def test_script_and_command_name_it(record: RunRecord) -> None:
    assert record.settings.channel == "auto"
    found = run_script(as_python(record, array_ndim=3))
    known = {"cell_diameter": 14.0, "device": "cpu"}
    expected = segment(TISSUE, channel="hematoxylin", **known)
    np.testing.assert_array_equal(found, expected)
    options = shlex.split(posix_command(record))
    assert options[options.index("--channel") + 1] == "hematoxylin"


def test_records_of_before_name_luminance(record: RunRecord) -> None:
    """It was the default, which is another one now."""
    settings = record.settings.with_overrides(channel="gray")
    former = replace(record, settings=settings, channel=None)
    found = run_script(as_python(former, array_ndim=3))
    known = {"cell_diameter": 14.0, "device": "cpu"}
    np.testing.assert_array_equal(found, segment(TISSUE, channel="gray", **known))
    options = shlex.split(posix_command(former))
    assert options[options.index("--channel") + 1] == "gray"


def test_what_differs_by_plane_is_left_to_each(record: RunRecord) -> None:
    assert "channel" not in as_python(replace(record, channel=None), array_ndim=3)
