"""The site builds without warnings, and what it is made of hangs together."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def test_every_picture_exists_and_is_described() -> None:
    """Pages name pictures that are there, with words for who cannot see them."""
    for page in [REPOSITORY / "README.md", *DOCS.rglob("*.md")]:
        for words, target in IMAGE.findall(page.read_text("utf-8")):
            assert words, f"{page.name}: {target} has no description"
            assert (page.parent / target).is_file(), f"{page.name}: no {target}"


def test_site_builds_without_warnings_and_network(tmp_path: Path) -> None:
    """What `make docs` does, with every connection refused."""
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("mkdocs is not installed (dependency group docs)")
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), nowhere)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir"]
    result = subprocess.run(
        [*command, str(tmp_path / "site")],
        cwd=REPOSITORY,
        env=os.environ | proxies,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    commands = (tmp_path / "site/reference/command-line/index.html").read_text("utf-8")
    assert "dinocell models set-thresholds" in commands
    assert "day*/*.tif" in commands  # Markdown has not taken the stars away
    assert "**" not in commands
    python = (tmp_path / "site/reference/python/index.html").read_text("utf-8")
    assert "seed_threshold" in python
    assert ":::" not in python + commands
