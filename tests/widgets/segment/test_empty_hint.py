"""What is said where no cells were found."""

import pytest

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.widgets.segment.empty_hint import empty_hint

CONFIG = WatershedConfig(seed_threshold=0.5)


@pytest.mark.parametrize(
    ("summit", "diameter", "said", "unsaid"),
    [
        (0.9, 30.0, "size, border", "Draw"),
        (0.317, 149.0, "(149 px now): Draw", "channel"),
        (0.317, 149.0, "seed threshold below 0.31", "border"),
        (0.0, None, "(not used now)", "seed threshold"),
    ],
)
def test_the_map_tells_what_may_help(summit, diameter, said, unsaid):
    hint = empty_hint(summit, CONFIG, diameter)
    assert said in hint
    assert unsaid not in hint
