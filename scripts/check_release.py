"""Does everything that names a version or an address say the same, for a release?

    python scripts/check_release.py [TAG]

With a tag, also whether it is that of the version. Ends with 1 and says what to change.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
WITH_ADDRESS = ("mkdocs.yml", "CITATION.cff", "packaging/conda/recipe.yaml")


def main() -> None:
    """Print what is wrong."""
    tag = sys.argv[1] if len(sys.argv) > 1 else ""
    problems = [*disagreements(), *unfinished(tag)]
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


def disagreements() -> Iterator[str]:
    """Files that name another version or address than pyproject.toml."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    version, address = project["version"], project["urls"]["Source Code"]
    for name in ("CITATION.cff", "packaging/conda/recipe.yaml"):
        found = re.search(r'^ *version: "?([\d.]+\w*)"?$', read(name), re.MULTILINE)
        if found is None or found[1] != version:
            yield f"{name}: expected version {version}, the one of pyproject.toml."
    for name in WITH_ADDRESS:
        if address not in read(name):
            yield f"{name}: expected the address {address}, the one of pyproject.toml."


def unfinished(tag: str) -> Iterator[str]:
    """What is missing before a release."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    version = project["version"]
    if tag and tag != f"v{version}":
        yield f"The tag {tag} is not v{version}, the version in pyproject.toml."
    if f"## [{version}]" not in read("CHANGELOG.md"):
        yield f"CHANGELOG.md: expected a section [{version}]; rename [Unreleased]."
    if any("example." in author["email"] for author in project["authors"]):
        yield "pyproject.toml: expected a real e-mail address of the authors."


def read(name: str) -> str:
    """Text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
