"""What mkdocs builds beside docs/: pages made from code, and texts that live elsewhere.

Links that leave docs/ are turned to the pages made of their targets, or to the
repository. Nothing is read from the network.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from command_line import command_pages  # noqa: E402
from python_api import with_api  # noqa: E402

ELSEWHERE = {
    "src/napari_dinocell/models/default.md": "model-card.md",
    "training/README.md": "training.md",
    "training/experiments.md": "experiments.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "SECURITY.md": "security.md",
}
"""Texts of the repository that are pages here."""

LINK = re.compile(r"(\]\()(?!https?:|#|mailto:)([^)#\s]+)")


def on_config(config: Any) -> Any:
    """Give pages that the menu does not name a place at the end of "How to"."""
    named = set(menu_pages(config.nav))
    docs = Path(config.docs_dir)
    written = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    how_to = next(entry["How to"] for entry in config.nav if "How to" in entry)
    how_to.extend(sorted(written - named))
    return config


def menu_pages(entry: Any) -> Iterator[str]:
    """All pages under an entry of the menu."""
    if isinstance(entry, str):
        yield entry
        return
    for part in entry if isinstance(entry, list) else entry.values():
        yield from menu_pages(part)


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages that are not files in docs/."""
    for source, page in ELSEWHERE.items():
        path = ROOT / source
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            files.append(File.generated(config, page, content=text))
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        page = f"notebooks/{path.stem}.md"
        files.append(File.generated(config, page, content=notebook_page(path)))
    return files


def notebook_page(path: Path) -> str:
    """Texts and code of a notebook, without results, below a link to the file."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = []
    for cell in cells:
        source = "".join(cell["source"])
        is_code = cell["cell_type"] == "code"
        parts.append(f"```python\n{source}\n```" if is_code else source)
    parts.insert(1, f"[The notebook as a file]({path.name})")
    return "\n\n".join(parts)


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Fill in the references, and turn links of and to texts that live elsewhere."""
    if "::: dinocell\n" in markdown:
        markdown = markdown.replace("::: dinocell\n", command_pages())
    uri = page.file.src_uri
    homes = {made: source for source, made in ELSEWHERE.items()}
    home = PurePosixPath(homes.get(uri, f"docs/{uri}")).parent
    markdown = LINK.sub(
        lambda found: found[1] + site_link(found[2], home, uri, config), markdown
    )
    return with_api(markdown)


def site_link(target: str, home: PurePosixPath, uri: str, config: Any) -> str:
    """Where a link of a text in the folder `home` leads from the page `uri`."""
    path = os.path.normpath(home / target).replace(os.sep, "/")
    if path in ELSEWHERE:
        aim = ELSEWHERE[path]
    elif path.startswith("docs/"):
        aim = path.removeprefix("docs/")
    elif (ROOT / path).exists():
        return f"{config.repo_url}/blob/main/{path}"
    else:
        return target  # mkdocs names it as broken
    return os.path.relpath(aim, PurePosixPath(uri).parent).replace(os.sep, "/")
