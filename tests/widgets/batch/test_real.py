"""The bundled model: dock, command line and library give the same labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from tests.widgets.drivers.batch_driver import BatchDriver

from napari_dinocell import segment
from napari_dinocell.cli import main
from napari_dinocell.engine.batch.preset import Preset
from napari_dinocell.engine.batch.preset_store import save_preset
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.sample import load_sample
from napari_dinocell.session.model_slot import ModelSlot
from napari_dinocell.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


def test_dock_command_line_and_library_agree_bit_for_bit(
    make_viewer_model: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    image = np.ascontiguousarray(load_sample()[0][120:200, :100])
    (tmp_path / "images").mkdir()
    tifffile.imwrite(tmp_path / "images" / "a.tif", image)
    preset = Preset(
        name="exact",
        model=ModelRecord(name="default", sha256=file_sha256(resolve_model())),
        settings=SegmentConfig().with_overrides(seed_threshold=0.6, min_size=10),
    )
    save_preset(preset)
    with pytest.raises(SystemExit):
        main(
            [
                "segment", str(tmp_path / "images"), "-o", str(tmp_path / "cli"),
                "--preset", "exact",
            ]
        )  # fmt: skip

    driver = BatchDriver(make_viewer_model(), qtbot)
    Session.of(driver.viewer).model = ModelSlot()
    driver.choose_folder(tmp_path / "images")
    driver.choose_output(tmp_path / "dock")
    driver.sections.recipe.refresh("preset:exact")
    driver.run()
    assert driver.statuses == ["done"], driver.message
    driver.viewer.add_image(image, name="layer")
    driver.choose_source("layers")
    driver.run()
    assert driver.statuses == ["done"], driver.message

    expected = segment(image, config=preset.settings)
    assert len(np.unique(expected)) > 5
    for path in ("cli/a_labels.tif", "dock/a_labels.tif", "dock/layer_labels.tif"):
        np.testing.assert_array_equal(tifffile.imread(tmp_path / path), expected)
