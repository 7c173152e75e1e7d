"""Rules about the code itself: what may import what, and how long things get."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = ("src", "training", "tests", "benchmarks")
SOURCES = sorted(p for folder in FOLDERS for p in (REPOSITORY / folder).rglob("*.py"))
HEAVY = {"torch", "qtpy", "PyQt5", "PyQt6", "PySide2", "PySide6", "napari", "cv2"}
MAX_FILE_LINES = 320
MAX_FUNCTION_LINES = 60


def modules_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after `statement`."""
    script = (
        f"{statement}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in result.stdout.split()}


@pytest.mark.parametrize(
    "module",
    [
        "napari_dinocell",
        "napari_dinocell.engine.config",
        "napari_dinocell.engine.errors",
        "napari_dinocell.widgets",
        "napari_dinocell.widgets.manifest.sample_data",
    ],
)
def test_import_stays_light(module: str) -> None:
    """napari discovers the plugin at start-up: that must not load torch or Qt."""
    assert modules_after(f"import {module}") & HEAVY == set()


def test_unknown_name_is_an_attribute_error() -> None:
    """Resolving names on first use keeps the error that Python users know."""
    import napari_dinocell

    with pytest.raises(AttributeError, match="no_such_name"):
        napari_dinocell.no_such_name  # noqa: B018


def test_import_rules_are_kept() -> None:
    """Widgets may import the engine, never the reverse (contracts: pyproject.toml)."""
    pytest.importorskip("importlinter")
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("the command lint-imports is not installed beside Python")
    result = subprocess.run(
        [command, "--no-cache"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def functions_in(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods, which only statements hold."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.stmt | ast.excepthandler | ast.match_case):
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                yield part
            yield from functions_in(part)


def too_long(path: Path) -> Iterator[str]:
    """What is longer in a file than it may be."""
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    where = path.relative_to(REPOSITORY).as_posix()
    if lines > MAX_FILE_LINES:
        yield f"{where}: {lines} lines"
    if lines <= MAX_FUNCTION_LINES:
        return
    for function in functions_in(ast.parse(text)):
        if (function.end_lineno or 0) - function.lineno >= MAX_FUNCTION_LINES:
            yield f"{where}: {function.name}, line {function.lineno}"


def test_files_and_functions_stay_short() -> None:
    """One idea per file, and functions that fit a screen."""
    assert len(SOURCES) > 500
    assert [found for path in SOURCES for found in too_long(path)] == []


def test_what_is_too_long_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also in a class, and in a branch."""
    monkeypatch.setattr(sys.modules[__name__], "REPOSITORY", tmp_path)
    body = "\n            pass" * MAX_FUNCTION_LINES
    nested = f"if True:\n    class A:\n        async def long():{body}\n"
    (tmp_path / "a.py").write_text(nested, encoding="utf-8")
    assert list(too_long(tmp_path / "a.py")) == ["a.py: long, line 3"]
    (tmp_path / "b.py").write_text("\n" * 321, encoding="utf-8")
    assert list(too_long(tmp_path / "b.py")) == ["b.py: 321 lines"]


def test_root_manifest_is_the_packaged_one() -> None:
    """The link at the root shows readers the file that napari really reads."""
    link = REPOSITORY / "napari.yaml"
    if not link.is_symlink():
        pytest.skip("this checkout holds no links")
    packaged = REPOSITORY / "src" / "napari_dinocell" / "napari.yaml"
    assert link.resolve() == packaged.resolve()


def test_training_folder_holds_only_the_package_and_its_documents() -> None:
    """Anything else in it would become importable in an editable install."""
    found = {p.name for p in (REPOSITORY / "training").iterdir()}
    documents = {"README.md", "experiments.md"}
    assert found - {"__pycache__"} <= {"dinocell_training"} | documents
