"""The wheel holds all that an installed plugin needs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = {
    "napari_dinocell": REPOSITORY / "src" / "napari_dinocell",
    "dinocell_training": REPOSITORY / "training" / "dinocell_training",
}


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    builders = pytest.importorskip("hatchling.builders.wheel")
    builder = builders.WheelBuilder(str(REPOSITORY))
    (wheel,) = builder.build(
        directory=str(tmp_path_factory.mktemp("dist")), versions=["standard"]
    )
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_every_file_of_the_package(
    package: str, wheel_names: set[str]
) -> None:
    """Code, py.typed, manifest, icon, recipes and the bundled model all ship."""
    root = PACKAGES[package]
    wanted = {
        f"{package}/{path.relative_to(root).as_posix()}"
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= wheel_names
    assert f"{package}/py.typed" in wheel_names


def test_wheel_holds_nothing_else(wheel_names: set[str]) -> None:
    """Tests and benchmarks stay out of the user's site-packages."""
    tops = {name.split("/")[0] for name in wheel_names if ".dist-info" not in name}
    assert tops == set(PACKAGES)


def test_wheel_carries_licence_and_entry_points(wheel_names: set[str]) -> None:
    """napari finds the plugin by its entry point."""
    ends = {name.split(".dist-info/")[-1] for name in wheel_names}
    assert {"entry_points.txt", "licenses/LICENSE"} <= ends
