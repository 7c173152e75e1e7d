from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.widgets.segment.threshold_section import ThresholdSection

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def section(qtbot: QtBot) -> ThresholdSection:
    section = ThresholdSection()
    qtbot.addWidget(section)
    return section


def drag(section: ThresholdSection, slider: str, hundredths: int) -> None:
    getattr(section, slider)._slider.setValue(hundredths)


def test_double_click_takes_a_threshold_back_to_the_model_s(
    section: ThresholdSection, qtbot: QtBot
) -> None:
    """The tooltip says where that is."""
    section.show()
    section.set_defaults(WatershedConfig(seed_threshold=0.47, foreground_threshold=0.2))
    assert "0.47" in section._seed._slider.toolTip()
    drag(section, "_seed", 80)
    drag(section, "_foreground", 60)
    for row in (section._seed, section._foreground):
        with qtbot.waitSignal(section.changed):
            qtbot.mouseDClick(row._slider, Qt.MouseButton.LeftButton)
    assert section.config().seed_threshold == 0.47
    assert section.config().foreground_threshold == 0.2


def test_starts_with_the_engine_s_defaults(section: ThresholdSection) -> None:
    assert section.config() == WatershedConfig()


def test_values_come_back(section: ThresholdSection, qtbot: QtBot) -> None:
    config = WatershedConfig(
        seed_threshold=0.7,
        foreground_threshold=0.33,
        min_size=120,
        max_size=900,
        exclude_border=True,
        fill_holes=True,
        prominence=0.7,
    )
    with qtbot.assertNotEmitted(section.changed):
        section.set_config(config)
    assert section.config() == config
    assert isinstance(section.config().min_size, int)


def test_every_move_of_a_slider_is_said_once(section: ThresholdSection) -> None:
    """Labels follow while the slider is dragged."""
    seen: list[float] = []
    section.changed.connect(lambda: seen.append(section.config().seed_threshold))
    for hundredths in (50, 51, 52):
        drag(section, "_seed", hundredths)
    assert seen == [0.5, 0.51, 0.52]


@pytest.mark.parametrize(
    ("slider", "to", "seed", "foreground"),
    [
        pytest.param("_seed", 5, 0.05, 0.05, id="seed down"),
        pytest.param("_foreground", 80, 0.8, 0.8, id="foreground up"),
        pytest.param("_seed", 95, 0.95, 0.09, id="seed up"),
    ],
)
def test_thresholds_push_each_other(
    section: ThresholdSection, slider: str, to: int, seed: float, foreground: float
) -> None:
    """The foreground threshold is never above the seed threshold, in no signal."""
    seen: list[WatershedConfig] = []
    section.changed.connect(lambda: seen.append(section.config()))
    drag(section, slider, to)
    assert len(seen) == 1
    assert seen[0].seed_threshold == seed
    assert seen[0].foreground_threshold == foreground
    assert section._seed._box.value() == pytest.approx(seed)
    assert section._foreground._box.value() == pytest.approx(foreground)


@pytest.mark.parametrize(
    ("seed", "foreground"), [(0.05, 0.05), (0.999, 0.99), (0.004, 0.001), (0.55, 0.55)]
)
def test_what_the_sliders_do_not_reach_becomes_the_nearest(
    section: ThresholdSection, seed: float, foreground: float
) -> None:
    section.set_config(
        WatershedConfig(seed_threshold=seed, foreground_threshold=foreground)
    )
    shown = section.config()
    assert shown.seed_threshold == pytest.approx(min(max(seed, 0.02), 0.98))
    assert shown.foreground_threshold == pytest.approx(min(max(foreground, 0.02), 0.9))


@pytest.mark.parametrize(
    ("before", "box", "to", "after"),
    [
        pytest.param((30, 200), "_min_size", 300, (300, 300), id="minimum up"),
        pytest.param((30, 200), "_max_size", 20, (20, 20), id="maximum down"),
        pytest.param((30, 200), "_max_size", 0, (30, 0), id="maximum off"),
        pytest.param((30, 0), "_min_size", 300, (300, 0), id="no maximum"),
    ],
)
def test_sizes_push_each_other(
    section: ThresholdSection,
    before: tuple[int, int],
    box: str,
    to: int,
    after: tuple[int, int],
) -> None:
    """The minimum is never above the maximum, in no signal."""
    section.set_config(WatershedConfig(min_size=before[0], max_size=before[1]))
    seen: list[WatershedConfig] = []
    section.changed.connect(lambda: seen.append(section.config()))
    getattr(section, box).setValue(to)
    assert [(config.min_size, config.max_size) for config in seen] == [after]


def test_sizes_holes_and_border_are_said(
    section: ThresholdSection, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(section.changed):
        section._min_size.setValue(15)
    with qtbot.waitSignal(section.changed):
        section._fill_holes.click()
    with qtbot.waitSignal(section.changed):
        section._exclude_border.click()
    assert section.config().exclude_border is True
    assert section.config().min_size == 15
    assert section.config().fill_holes is True


def test_fits_the_dock(section: ThresholdSection) -> None:
    assert section.minimumSizeHint().width() <= 270
