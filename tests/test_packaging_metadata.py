"""What an index, a hub and a resolver read about the package."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
NAME = re.compile(r"^[A-Za-z0-9._-]+")
CONDA_NAMES = {
    "huggingface-hub": "huggingface_hub",
    "opencv-python-headless": "py-opencv",
    "torch": "pytorch",
}


@cache
def project() -> dict[str, Any]:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)["project"]
    return table


def lowest(requirements: list[str]) -> dict[str, str]:
    """Lower bounds by name."""
    pairs = (text.partition(">=") for text in requirements)
    return {name.strip().split("[")[0]: bound.strip() for name, _, bound in pairs}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    pytest.importorskip("hatch_fancy_pypi_readme")
    wheels = pytest.importorskip("hatchling.builders.wheel")
    sdists = pytest.importorskip("hatchling.builders.sdist")
    folder = tmp_path_factory.mktemp("dist")
    for builder in (wheels.WheelBuilder, sdists.SdistBuilder):
        list(builder(str(REPOSITORY)).build(directory=str(folder)))
    return folder


@pytest.fixture(scope="module")
def metadata(dist: Path) -> email.message.Message:
    """The core metadata, as an index reads it from the wheel."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_licence_covers_code_and_weights(
    metadata: email.message.Message, dist: Path
) -> None:
    """The wheel ships CC BY weights: the expression says so, both texts are inside."""
    assert metadata["License-Expression"] == "BSD-3-Clause AND CC-BY-4.0"
    assert metadata.get_all("License-File") == ["LICENSE", "LICENSES/CC-BY-4.0.txt"]
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        texts = [
            archive.read(name).decode()
            for name in archive.namelist()
            if "/licenses/" in name
        ]
    assert any("Redistribution and use" in text for text in texts)
    assert any("Attribution 4.0 International" in text for text in texts)


def test_hub_finds_its_links(metadata: email.message.Message) -> None:
    """The names that napari's hub and PyPI know."""
    links = dict(text.split(", ", 1) for text in metadata.get_all("Project-URL") or [])
    wanted = {"Homepage", "Documentation", "Source Code", "Bug Tracker", "User Support"}
    assert wanted <= set(links)
    assert all(link.startswith("https://") for link in links.values())
    assert "@" in metadata["Author-email"]


def test_description_needs_no_repository(metadata: email.message.Message) -> None:
    """An index shows neither relative pictures nor relative links."""
    text = metadata.get_payload()
    assert isinstance(text, str)
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) > 10
    assert [t for t in targets if not t.startswith(("https://", "#"))] == []
    assert "raw.githubusercontent.com" in text


def test_description_leads_to_what_exists(metadata: email.message.Message) -> None:
    """Behind each absolute address of the repository lies a file of it."""
    text = metadata.get_payload()
    assert isinstance(text, str)
    paths = re.findall(r"\]\(https://[^)]*?/(?:blob/)?main/([^)#]+)", text)
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_sdist_holds_what_its_tests_need(dist: Path) -> None:
    """Tests, documentation and benchmarks can be run from it; no link is in it."""
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    inside = {member.name.partition("/")[2] for member in members}
    wanted = {"pyproject.toml", "Makefile", "mkdocs.yml", "tests/conftest.py"}
    wanted |= {"docs/index.md", "scripts/setup.sh", "benchmarks/inference.py"}
    wanted |= {"LICENSES/CC-BY-4.0.txt", "src/napari_dinocell/models/default.md"}
    assert wanted <= inside
    assert [member.name for member in members if member.issym()] == []
    assert "napari.yaml" not in inside


def test_lowest_versions_are_those_that_are_claimed() -> None:
    """CI tests what the requirements promise."""
    text = (REPOSITORY / "constraints" / "lowest.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    tested = dict(line.split("==") for line in lines)
    claimed = lowest(project()["dependencies"])
    assert set(tested) == set(claimed)
    for name, bound in claimed.items():
        own, padded = tested[name].split("."), bound.split(".")
        assert own[: len(padded)] == padded, name


def test_conda_recipe_asks_for_the_same() -> None:
    """The recipe follows pyproject.toml, under conda's names."""
    path = REPOSITORY / "packaging" / "conda" / "recipe.yaml"
    recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    asked = lowest([r for r in recipe["requirements"]["run"] if "python " not in r])
    claimed = lowest(project()["dependencies"])
    assert asked == {CONDA_NAMES.get(n, n): bound for n, bound in claimed.items()}
    assert recipe["about"]["license"] == project()["license"]
    for name in recipe["about"]["license_file"]:
        assert (REPOSITORY / name).is_file()
    oldest = recipe["context"]["python_min"]
    assert project()["requires-python"] == f">={oldest}"


def test_contributors_read_why_each_package_is_needed() -> None:
    """The table in CONTRIBUTING.md has all that is required, and nothing else."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Dependencies")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    described = {name for cell in cells for name in cell.split(", ")} - {"package"}
    assert described == set(lowest(project()["dependencies"]))
    extras = section.partition("Extras:")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z]+)`", extras))
    assert named == set(project()["optional-dependencies"])


def test_files_agree_on_version_and_address() -> None:
    """What `check_release.py` complains of now is only what waits for a release."""
    result = subprocess.run(
        [sys.executable, str(REPOSITORY / "scripts" / "check_release.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr == ""
    files = [line.partition(":")[0] for line in result.stdout.splitlines()]
    assert set(files) <= {"CHANGELOG.md", "pyproject.toml"}


def test_classifiers_name_the_pythons_that_are_supported() -> None:
    """From the lowest on, without a gap."""
    prefix = "Programming Language :: Python :: 3."
    minors = [
        int(c.removeprefix(prefix)) for c in project()["classifiers"] if prefix in c
    ]
    assert project()["requires-python"] == f">=3.{minors[0]}"
    assert minors == list(range(minors[0], minors[-1] + 1))
