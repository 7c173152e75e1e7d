"""Every command and every piece of code that the documentation shows runs.

Pages run from top to bottom in a folder of their own, within this process: commands by
the command line's own entry, code in one namespace per page. Tutorials start with
nothing, since they make all that they need; the other pages find the files they name.
A tiny model stands in for the bundled one: what is run is the text, not the network.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from napari_dinocell.cli import main
from napari_dinocell.cli.app import app
from napari_dinocell.engine.model import model_store
from napari_dinocell.engine.model.dinocell import DinoCell
from napari_dinocell.engine.model.variants import VARIANTS
from tests.docs.blocks import COMMAND_LANGUAGES, find_blocks
from tests.docs.bright_model import TINY, bright_logits, save_bright_model
from tests.docs.worlds import make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
TUTORIALS = sorted((REPOSITORY / "docs" / "tutorials").glob("*.md"))
PAGES = [
    REPOSITORY / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
    *sorted((REPOSITORY / "docs" / "how-to").glob("*.md")),
]
NOTEBOOKS = sorted((REPOSITORY / "docs" / "notebooks").glob("*.ipynb"))
ELSEWHERE = (
    "pip",
    "python3",
    "python",
    "source",
    "py",
    "dinocell/Scripts/activate",
    "make",
)
"""Programs that are not this package's: that they would work is not tested here."""

SLOW = ("train", "pretrain", "evaluate", "demo", "blocks")
"""On pages other than tutorials these are only parsed: they have tests of their own. On
tutorials `train` is: a copy of the bundled model becomes what it would make."""


ONLY_READ = ("ome-zarr.md", "scale.md", "share-models.md", "volumes.md")
"""Pages about stores, volumes and extras, with tests of their own: arguments are
parsed, code is compiled."""

SCRIPTS = ("bash", "groovy", "snakemake")
"""Languages of schedulers and workflows, in which commands stand with values of theirs.
"""
COMMAND_WITHIN = re.compile(r"(?:^|[\"'])(dinocell [^\"'\n]+)", re.M)
VALUE = re.compile(r"\$?\{[\w.]+\}")


def page_id(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@pytest.fixture(scope="module", autouse=True)
def tiny_default(
    one_command_line: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A model that takes no time in place of the bundled one."""
    models = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VARIANTS, TINY.name, TINY)
        patch.setattr(model_store, "PACKAGE_MODELS", models)
        patch.setattr(DinoCell, "logits", bright_logits)
        save_bright_model(models / "default.safetensors")
        yield


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no models or presets of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "250")
    return tmp_path


@pytest.mark.parametrize("page", TUTORIALS, ids=page_id)
def test_tutorial_runs_from_nothing(page: Path, own_folder: Path) -> None:
    """A reader who types all of it meets no error."""
    run_page(page, only_parsed=("train",))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_page_runs_where_its_files_are(page: Path, own_folder: Path) -> None:
    """Options that are renamed or dropped show here."""
    names = make_world(own_folder)
    if page.name == "README.md":  # it uses a preset that other pages save
        run_command(["dinocell", "segment", "dna.tif", "-o", "."], only_parsed=())
        preset = ["dinocell", "presets", "save", "nuclei 20x", "dna_labels.json"]
        run_command(preset, only_parsed=())
    if page.name in ONLY_READ:
        read_page(page)
        return
    run_page(page, only_parsed=SLOW, namespace=names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=page_id)
def test_notebook_runs_from_nothing(path: Path, own_folder: Path) -> None:
    """Cell by cell, in this process: a kernel of its own would load torch again."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    namespace: dict[str, Any] = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        assert not cell.get("outputs"), "clear the outputs: they age, and are large"
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), str(path), "exec"), namespace)
    assert pyplot.get_fignums()
    pyplot.close("all")


def run_page(
    page: Path,
    *,
    only_parsed: tuple[str, ...],
    namespace: dict[str, Any] | None = None,
) -> None:
    """Run all blocks of a page, in the working folder."""
    namespace = {} if namespace is None else namespace
    for block in find_blocks(page):
        if block.language in COMMAND_LANGUAGES:
            for words in block.commands():
                run_command(words, only_parsed=only_parsed)
        elif block.language in SCRIPTS:
            parse_within(block.text)
        elif block.language == "python":
            exec(compile(block.text, str(page), "exec"), namespace)
        else:
            assert block.language in ("text", "json", "toml", "yaml"), (
                f"{page.name}: a block of the unknown language {block.language!r}"
            )


def read_page(page: Path) -> None:
    """Parse all commands of a page, also those within scripts; compile its code."""
    for block in find_blocks(page):
        if block.language in SCRIPTS:
            parse_within(block.text)
        if block.language == "python":
            compile(block.text, str(page), "exec")
        for words in block.commands() if block.language == "sh" else ():
            run_command(words, only_parsed=("segment", "models", *SLOW))


def parse_within(script: str) -> None:
    """Parse the commands of a script for a scheduler or a workflow."""
    for command in COMMAND_WITHIN.findall(VALUE.sub("1", script)):
        parse(shlex.split(command)[1:])


def run_command(words: list[str], *, only_parsed: tuple[str, ...]) -> None:
    """Run a line of this package's; of others, look at what it names."""
    program, *arguments = words
    if program == "dinocell":
        is_store = any(".zarr" in argument for argument in arguments[:2])
        if arguments[0] in only_parsed or is_store:
            parse(arguments)
            if arguments[0] == "train" and "--corrections" in arguments:
                stand_in_for_training(arguments[arguments.index("-o") + 1])
            return
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert not ended.value.code, " ".join(words)
        return
    assert program in ELSEWHERE, f"neither run nor known: {' '.join(words)}"
    if program == "make":
        assert f"\n{arguments[0]}:" in (REPOSITORY / "Makefile").read_text("utf-8")
    check_extras(words)


def stand_in_for_training(name: str) -> None:
    """A model under the name that a training would have given its own."""
    target = model_store.own_model_path(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(model_store.resolve_model(), target)


def parse(arguments: list[str]) -> None:
    """Read a command's arguments as it would, and go no further."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[arguments[0]]
        arguments = arguments[1:]
    if {"--help", "-h"} & set(arguments):
        return
    command.make_context(command.name, list(arguments)).close()


def check_extras(words: list[str]) -> None:
    """An extra that a line installs is one of the project's."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    for word in words:
        if word.startswith("napari-dinocell["):
            extras = word.partition("[")[2].rstrip("]").split(",")
            assert set(extras) <= set(project["optional-dependencies"])


def test_a_failing_block_fails_its_page(own_folder: Path) -> None:
    """The tests above can fail: a wrong option, wrong code, an unknown program."""
    page = own_folder / "page.md"
    for wrong in (
        "```sh\ndinocell segment a.tif -o b --no-such-option\n```\n",
        "```python\nraise ValueError\n```\n",
        "```sh\nno-such-program\n```\n",
        "Text\n\n    dinocell measure missing.tif -o cells.csv\n",
    ):
        page.write_text(wrong, encoding="utf-8")
        with pytest.raises((AssertionError, ValueError)):
            run_page(page, only_parsed=())
    page.write_text('```groovy\nscript: "dinocell blocks run ${a.b} --wrong 1"\n```\n')
    with pytest.raises(Exception, match="--wrong"):
        read_page(page)
