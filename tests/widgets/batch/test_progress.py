"""Progress of a batch: what is done, how far the present image is, time left."""

from __future__ import annotations

import pytest

from napari_dinocell.session.batch.progress import BatchMeter, BatchProgress
from napari_dinocell.widgets.batch.run_section import progress_text


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> BatchMeter:
    meter = BatchMeter(clock)
    meter.plan(4)
    return meter


def test_nothing_is_known_at_first(meter: BatchMeter) -> None:
    assert meter.now() == BatchProgress(0, 4, 0.0, None)
    meter.start_file()
    assert meter.now().seconds_left is None


def test_pages_and_tiles_are_parts_of_an_image(meter: BatchMeter, clock: Clock) -> None:
    meter.start_file()
    meter.start_page(1, 4)
    clock.now += 6
    meter.finish_tiles(2, 4)
    progress = meter.now()
    assert progress.fraction == pytest.approx(0.375)
    assert progress.seconds_left == pytest.approx((4 - 0.375) * 6 / 0.375)


def test_images_that_are_done_tell_the_time_left(
    meter: BatchMeter, clock: Clock
) -> None:
    meter.start_file()
    clock.now += 10
    meter.end_file(worked=True)
    assert meter.now() == BatchProgress(1, 4, 0.0, 30.0)


def test_skipped_and_failed_images_say_nothing_of_the_others(
    meter: BatchMeter, clock: Clock
) -> None:
    meter.start_file()
    clock.now += 10
    meter.end_file(worked=True)
    meter.end_file(worked=False)
    meter.start_file()
    clock.now += 0.01
    meter.end_file(worked=False)
    assert meter.now().seconds_left == pytest.approx(10)


def test_the_end(meter: BatchMeter, clock: Clock) -> None:
    for _ in range(4):
        meter.start_file()
        clock.now += 1
        meter.end_file(worked=True)
    assert meter.now() == BatchProgress(4, 4, 0.0, 0.0)


@pytest.mark.parametrize(
    ("progress", "what", "text"),
    [
        (
            BatchProgress(0, 3, 0.5, 124.2),
            "b.tif",
            "0 of 3 images, 2 min 5 s left. b.tif",
        ),
        (BatchProgress(0, 3, 0.0, None), "b.tif", "0 of 3 images. b.tif"),
        (BatchProgress(3, 3, 0.0, 0.0), "", "3 of 3 images."),
    ],
)
def test_words(progress: BatchProgress, what: str, text: str) -> None:
    assert progress_text(progress, what) == text
