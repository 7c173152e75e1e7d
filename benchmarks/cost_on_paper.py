"""What do large images cost on 1, 8 and 64 GPUs? On paper, from measured figures.

    python benchmarks/cost_on_paper.py

Prints the table of docs/scale.md. A GPU takes whole jobs of the network, one after the
other, so that the last round may leave some idle. Reading the image, measuring it and
writing the labels are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

NETWORK = 0.09
"""Seconds of an H100 per megapixel that the network sees (docs/performance.md)."""

WATERSHED = 25 / (8192**2 / 1e6)
"""Seconds of one core per megapixel: 25 for 8192 x 8192."""

CORES = 8
"""Beside each GPU."""

GPUS = (1, 8, 64)


@dataclass(frozen=True)
class Work:
    """Images of one size, in jobs of equal size."""

    name: str
    jobs: int
    megapixels: float
    """Of one job."""

    def seconds(self, gpus: int) -> tuple[float, float]:
        """Of the network, then of the cells."""
        network = ceil(self.jobs / gpus) * self.megapixels * NETWORK
        cells = ceil(self.jobs / (gpus * CORES)) * self.megapixels * WATERSHED
        return network, cells


WORKS = (
    Work("slide, 100 000 x 100 000", ceil(100_000 / 4096) ** 2, 4096**2 / 1e6),
    Work("plate, 384 wells of 9 fields of 2048 x 2048", 384 * 9, 2048**2 / 1e6),
)


def rows() -> list[str]:
    """Rows of the table: seconds of the network + of the cells."""
    found = []
    for work in WORKS:
        cells = [f"{a:.0f} + {b:.0f} s" for a, b in map(work.seconds, GPUS)]
        found.append(f"| {work.name} | {work.jobs} | {' | '.join(cells)} |")
    return found


if __name__ == "__main__":
    print("\n".join(rows()))
