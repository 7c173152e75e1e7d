"""One job at a time; whoever comes second is told which one is at work."""

import threading
from collections.abc import Iterator

import pytest

from napari_dinocell.engine.errors import JobBusyError
from napari_dinocell.session.job_slot import AT_WORK, JobSlot


def state_of(slot: JobSlot) -> str:
    if slot.job is None:
        return "free"
    return "cancelling" if slot.job.cancelling else "at work"


def test_a_second_job_is_told_which_one_is_at_work() -> None:
    slot = JobSlot()
    slot.take("batch")
    with pytest.raises(JobBusyError, match=r"A batch is running .* cancel it in"):
        slot.take("segment")
    assert slot.problem() == AT_WORK["batch"]


def test_the_slot_is_free_again_after_the_last_event() -> None:
    slot = JobSlot()
    job = slot.take("segment")
    assert list(job.run(lambda: iter([1, 2]))) == [1, 2]
    assert slot.job is None
    assert slot.problem() == ""
    slot.take("batch")


def test_a_job_that_fails_or_is_stopped_early_gives_the_slot_back() -> None:
    def fails() -> Iterator[int]:
        yield 1
        raise MemoryError

    slot = JobSlot()
    with pytest.raises(MemoryError):
        list(slot.take("segment").run(fails))
    assert slot.job is None

    def cannot_even_begin() -> Iterator[int]:
        raise ImportError

    with pytest.raises(ImportError):
        list(slot.take("segment").run(cannot_even_begin))
    assert slot.job is None

    events = slot.take("segment").run(lambda: iter([1, 2]))
    next(events)
    assert slot.job is not None
    events.close()
    assert slot.job is None


def test_a_job_that_is_cancelled_has_the_slot_until_it_stops() -> None:
    slot, asked = JobSlot(), []
    job = slot.take("estimate", cancel=lambda: asked.append(slot.job))
    assert not job.cancelling
    job.cancel()
    assert asked == [job]
    assert job.cancelling
    assert slot.job is job
    job.release()
    assert slot.job is None
    assert job.cancelling


def test_releasing_twice_does_not_take_the_slot_from_the_next_job() -> None:
    slot = JobSlot()
    first = slot.take("segment")
    first.release()
    second = slot.take("batch")
    first.release()
    assert slot.job is second


def test_every_change_is_said_once() -> None:
    slot, seen = JobSlot(), []
    slot.changed.connect(lambda: seen.append(state_of(slot)))
    job = slot.take("segment")
    job.cancel()
    job.cancel()
    job.release()
    job.release()
    assert seen == ["at work", "cancelling", "free"]


def test_of_many_threads_one_gets_the_slot() -> None:
    slot, ready = JobSlot(), threading.Barrier(8)
    taken, refused = [], []

    def take() -> None:
        ready.wait()
        try:
            taken.append(slot.take("segment"))
        except JobBusyError as error:
            refused.append(error)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 7)
