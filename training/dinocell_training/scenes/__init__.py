"""Made-up pictures of cells with their ground truth, for samples and examples.

Nothing here is taken from a real image: outlines, chromatin, optics and camera noise
are computed from a seed, and the same seed gives the same picture to the bit. Knows
neither Qt nor torch nor the engine's models.
"""

from dinocell_training.scenes.samples.dividing import dividing_cells
from dinocell_training.scenes.samples.nuclei import fluorescent_nuclei
from dinocell_training.scenes.samples.phase import phase_cells
from dinocell_training.scenes.samples.volume import nuclei_in_depth
from dinocell_training.scenes.scene import Scene

__all__ = [
    "Scene",
    "dividing_cells",
    "fluorescent_nuclei",
    "nuclei_in_depth",
    "phase_cells",
]
