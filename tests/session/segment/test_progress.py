from napari_dinocell.session.segment.progress import ProgressMeter


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_speed_and_time_left_of_a_single_plane() -> None:
    clock = Clock()
    meter = ProgressMeter(1, clock=clock)
    meter.start_plane(0)
    meter.plan_tiles(20)
    assert meter.now().seconds_left is None
    clock.now = 2.0
    meter.finish_tiles(10)
    progress = meter.now()
    assert progress.tiles_per_second == 5
    assert progress.seconds_left == 2
    assert progress.what == ""


def test_time_left_counts_the_planes_that_follow() -> None:
    clock = Clock()
    meter = ProgressMeter(3, clock=clock)
    meter.start_plane(1)
    meter.plan_tiles(10)
    clock.now = 1.0
    meter.finish_tiles(5)
    progress = meter.now()
    assert progress.what == "plane 2 of 3"
    assert progress.seconds_left == 3  # 5 tiles here, 10 in the last plane


def test_a_new_plane_starts_at_zero() -> None:
    clock = Clock()
    meter = ProgressMeter(2, clock=clock)
    meter.start_plane(0)
    meter.plan_tiles(4)
    clock.now = 1.0
    meter.finish_tiles(4)
    meter.start_plane(1)
    assert meter.now().done == 0
    assert meter.now().tiles_per_second is None
