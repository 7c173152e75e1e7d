"""Read damaged files until the time is up, and keep those that end in a bare error.

    python scripts/fuzz.py --seconds 600 --seed 7 --what checkpoints --output found

Goes on where `tests/fuzzing` stops, with the same kinds of files. Exits with 1 if
anything was found; found files are kept in the output folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.fuzzing.fuzz import outcomes
from tests.fuzzing.kinds import KINDS


def main() -> int:
    """Fuzz, and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--what", choices=[*KINDS, "all"], default="all")
    parser.add_argument("--output", type=Path, default=Path("found"))
    options = parser.parse_args()
    chosen = list(KINDS) if options.what == "all" else [options.what]
    share = options.seconds / len(chosen)
    found = [fuzz(what, options.seed, share, options.output) for what in chosen]
    return int(any(found))


def fuzz(what: str, seed: int, seconds: float, output: Path) -> int:
    """Number of files of one kind that ended in a bare error."""
    end = monotonic() + seconds
    tried = refused = found = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        started = monotonic()
        for outcome in outcomes(what, seed, Path(folder)):
            slowest = max(slowest, monotonic() - started)
            tried += 1
            refused += outcome.error is not None
            if outcome.is_finding:
                found += 1
                output.mkdir(parents=True, exist_ok=True)
                (output / f"{what}-{seed}-{tried}-{outcome.name}").write_bytes(
                    outcome.data
                )
                print(f"{what}, file {tried} ({outcome.name}): {outcome.error!r}")
            started = monotonic()
            if started > end:
                break
    print(
        f"{what}: {tried} files, {refused} refused, {found} bare errors, "
        f"slowest {slowest:.1f} s"
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
