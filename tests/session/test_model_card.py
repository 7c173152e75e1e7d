"""What the tooltip and the line under the model's name say."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo
from napari_dinocell.engine.model.model_config import ModelConfig
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.model.read_info import read_info
from napari_dinocell.session.model_card import (
    MAX_LISTED,
    card_html,
    card_line,
    parameter_count,
    scores,
)

if TYPE_CHECKING:
    from pathlib import Path

INFO = CheckpointInfo(
    model=ModelConfig(variant="vits8"),
    name="Bright cells",
    watershed=WatershedConfig(seed_threshold=0.55, foreground_threshold=0.12),
    cell_diameter=30.5,
    licence="BSD-3-Clause",
    data_sources=("Set A (CC BY 4.0)", "Set B (CC0)"),
    metrics={"validation": {"worms": {"ap50": 0.25}, "nuclei": {"ap50": 0.8}}},
)


def test_line_names_backbone_cell_size_and_licence() -> None:
    assert card_line(INFO) == "vits8, cells of 30.5 px, BSD-3-Clause"


def test_line_of_a_backbone_says_that_it_needs_training() -> None:
    """Its cell size means nothing yet."""
    line = card_line(replace(INFO, needs_training=True))
    assert line == "vits8, needs training, BSD-3-Clause"


def test_html_holds_the_whole_card(tmp_path: Path) -> None:
    html = card_html(INFO, tmp_path / "m.safetensors", parameters=6_340_000)
    for text in (
        "Bright cells",
        "vits8, 6.3 million parameters",
        "30.5 px",
        "seed 0.55, foreground 0.12",
        "BSD-3-Clause",
        "Set A (CC BY 4.0)<br>Set B (CC0)",
        "nuclei: AP50 0.80<br>worms: AP50 0.25",
        str(tmp_path / "m.safetensors"),
    ):
        assert text in html
    works_best = html.partition("Works best on")[2].partition("</tr>")[0]
    assert "nuclei" in works_best


def test_html_of_a_backbone_has_no_made_up_thresholds(tmp_path: Path) -> None:
    html = card_html(replace(INFO, needs_training=True), tmp_path)
    assert "Thresholds" not in html
    assert "Cell diameter" not in html


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        pytest.param({}, [], id="none"),
        pytest.param(
            {"validation_ap50": {"a": 0.5, "b": 0.75}, "epoch": 3},
            [("b", "AP50 0.75"), ("a", "AP50 0.50")],
            id="while training",
        ),
        pytest.param(
            {"AP@0.5": 0.8125, "images": 12},
            [("AP@0.5", "0.812"), ("images", "12")],
            id="plain numbers",
        ),
        pytest.param(
            {"a": True, "b": "x", "c": 10**400, "d": float("nan"), "e": [1]},
            [],
            id="nonsense",
        ),
    ],
)
def test_scores_of_every_kind(
    metrics: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert scores(replace(INFO, metrics=metrics)) == expected


def test_text_of_a_foreign_card_is_escaped_and_cut_short(tmp_path: Path) -> None:
    """A downloaded file must not draw what it likes into the viewer."""
    info = replace(
        INFO,
        name="<img src='x'>" + "long " * 1000,
        data_sources=tuple(f"source {n}" for n in range(MAX_LISTED + 3)),
    )
    html = card_html(info, tmp_path)
    assert "<img" not in html
    assert "&lt;img" in html
    assert len(html) < 2000
    assert "and 3 more" in html


def test_bundled_model_counts_its_parameters() -> None:
    path = resolve_model()
    count = parameter_count(path)
    assert count is not None
    assert 6.5e6 < count < 6.6e6  # as its card says
    assert "works best" in card_html(read_info(path), path).lower()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04" + bytes(40), id="torch"),
        pytest.param(b"\xff" * 100, id="damaged"),
        pytest.param(None, id="shape of words"),
    ],
)
def test_parameters_are_unknown_where_they_cannot_be_told(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is None:
        entry = {"dtype": "F32", "shape": ["many"], "data_offsets": [0, 0]}
        header = json.dumps({"weight": entry}).encode()
        content = struct.pack("<Q", len(header)) + header
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert parameter_count(path) is None
