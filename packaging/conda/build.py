"""Build and test the conda package from an sdist that lies here, not on PyPI.

    python -m build --sdist
    pip install py-rattler-build pyyaml
    python packaging/conda/build.py dist/*.tar.gz [--check]

All other packages come from conda-forge. `--check` reads the recipe and fills in its
variables only, which needs no network.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml
from rattler_build.stage0 import Stage0Recipe

RECIPE = Path(__file__).with_name("recipe.yaml")


def main() -> None:
    """Say what was built, or what would be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sdist", type=Path)
    parser.add_argument("--check", action="store_true", help="build nothing")
    arguments = parser.parse_args()
    recipe = Stage0Recipe.from_dict(with_source(arguments.sdist.resolve(strict=True)))
    if arguments.check:
        for variant in recipe.render():
            package = variant.recipe.package
            print(f"{package.name} {package.version}: the recipe is complete")
        return
    for result in recipe.run_build(output_dir=arguments.sdist.parent / "conda"):
        print(*result.packages)


def with_source(sdist: Path) -> dict[str, Any]:
    """The recipe, with a file in place of the address of a release."""
    recipe: dict[str, Any] = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    recipe["source"] = {"path": str(sdist)}
    return recipe


if __name__ == "__main__":
    main()
