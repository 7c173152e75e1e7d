"""Hand-computed scores: every expected number can be checked on paper."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import contingency_table

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.metrics import (
    IOU_THRESHOLDS,
    Score,
    Tally,
    average_precision,
    match,
)


def row(*ids: int) -> np.ndarray:
    """One image row of labels."""
    return np.array([ids], dtype=np.int32)


def tally(true: np.ndarray, predicted: np.ndarray, **options: int) -> Tally:
    return Tally.of(match(true, predicted, **options))


EMPTY = row(0, 0, 0, 0)
ONE = row(1, 1, 1, 1)


def test_perfect_prediction_scores_one_everywhere():
    labels = np.kron(np.array([[1, 2], [0, 3]]), np.ones((5, 5), int))
    scores = tally(labels, labels).to_dict()
    assert set(scores["average_precision"].values()) == {1.0}
    for name in ("precision", "recall", "f1", "panoptic_quality", "seg", "det"):
        assert scores[name] == 1.0, name


@pytest.mark.parametrize(
    ("true", "predicted", "expected"),
    [
        pytest.param(EMPTY, EMPTY, 1.0, id="both_empty"),
        pytest.param(EMPTY, ONE, 0.0, id="nothing_to_find"),
        pytest.param(ONE, EMPTY, 0.0, id="nothing_found"),
    ],
)
def test_empty_images_follow_the_stated_convention(true, predicted, expected):
    scores = tally(true, predicted)
    assert scores.average_precision.tolist() == [expected] * 10
    assert scores.seg == scores.det == scores.op_csb == expected
    assert scores.f1 == scores.panoptic_quality == expected


def test_images_without_pixels_count_as_empty():
    nothing = np.zeros((0, 7), np.int32)
    assert average_precision(nothing, nothing, (0.5,)).tolist() == [1.0]


def test_average_precision_falls_at_the_iou_of_the_pair():
    """IoU = 7/10 exactly: a match up to and including 0.7, none above."""
    true, predicted = np.zeros((2, 1, 20), np.int32)
    true[0, :10] = 1
    predicted[0, :7] = 4
    expected = [1.0 if threshold <= 0.7 else 0.0 for threshold in IOU_THRESHOLDS]
    assert average_precision(true, predicted).tolist() == expected


def test_misses_and_extras_count_in_the_denominator():
    """2 true, 3 predicted, 1 match: AP 1/4, precision 1/3, recall 1/2, F1 2/5."""
    true = row(1, 1, 0, 2, 2, 0, 0, 0)
    predicted = row(1, 1, 0, 0, 0, 7, 0, 9)
    scores = tally(true, predicted)
    assert scores.average_precision[0] == 1 / 4
    assert scores.precision == pytest.approx(1 / 3)
    assert scores.recall == 1 / 2
    assert scores.f1 == pytest.approx(2 / 5)
    assert scores.panoptic_quality == pytest.approx(1 / 2.5)
    assert scores.seg == 1 / 2
    # One miss (10) and two extras (1 each) against two misses.
    assert scores.det == pytest.approx(1 - 12 / 20)
    assert scores.op_csb == pytest.approx((0.5 + 0.4) / 2)


def test_touching_cells_are_told_apart_by_their_ids():
    true = row(1, 1, 1, 2, 2, 2)
    assert average_precision(true, row(5, 5, 5, 3, 3, 3), (0.95,)) == 1
    # The border is off by one pixel: IoU 2/3 and 3/4.
    shifted = tally(true, row(5, 5, 3, 3, 3, 3))
    assert shifted.average_precision[:5].tolist() == [1, 1, 1, 1, 1 / 3]
    assert shifted.panoptic_quality == pytest.approx((2 / 3 + 3 / 4) / 2)
    assert shifted.seg == pytest.approx((2 / 3 + 3 / 4) / 2)


def test_merged_cells_cost_one_split():
    """One predicted cell over two: no match at IoU > 0.5, yet both are detected."""
    true = row(1, 1, 1, 2, 2, 2)
    scores = tally(true, row(1, 1, 1, 1, 1, 1))
    # IoU is 1/2 with each: one of them can be matched at the threshold 0.5.
    assert scores.average_precision.tolist() == [1 / 2] + [0.0] * 9
    assert scores.matched == 0
    assert scores.seg == 1 / 2
    assert scores.det == pytest.approx(1 - 5 / 20)


def test_cell_split_in_equal_halves_is_missed():
    """No half covers more than half: one miss and two extras, cut off at 0."""
    scores = tally(row(1, 1, 1, 1), row(1, 1, 2, 2))
    assert scores.average_precision.tolist() == [1 / 2] + [0.0] * 9
    assert scores.seg == 0
    assert scores.det == 0


def test_cell_split_unequally_is_found_once_with_an_extra():
    scores = tally(row(1, 1, 1, 1), row(1, 1, 1, 2))
    assert scores.average_precision[0] == 1 / 2
    assert scores.seg == 3 / 4
    assert scores.det == pytest.approx(1 - 1 / 10)


def test_competing_pairs_are_matched_one_to_one_and_to_the_most():
    """At IoU 1/4 predicted cell 1 could take either true cell; 2 only the second."""
    true = row(1, 1, 2, 2, 2, 2)
    predicted = row(0, 1, 1, 1, 2, 2)
    table = match(true, predicted)
    assert sorted(table.ious.tolist()) == pytest.approx([1 / 4, 2 / 5, 1 / 2])
    assert table.true_positives(0.25) == 2
    assert table.true_positives(0.4) == 1


@pytest.mark.parametrize("largest", [200, 2**62], ids=["small", "large"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64, np.uint64])
def test_ids_may_have_gaps_and_any_size(dtype, largest):
    top = min(np.iinfo(dtype).max, largest)
    true = np.array([[3, 3, 0, top, top]]).astype(dtype)
    predicted = np.array([[top, top, 0, 7, 0]]).astype(dtype)
    scores = tally(true, predicted)
    assert (scores.true, scores.predicted) == (2, 2)
    assert scores.average_precision[:2].tolist() == [1.0, 1 / 3]


def test_dtypes_of_the_two_images_may_differ():
    labels = np.array([[0, 1, 255]])
    scores = average_precision(labels.astype(np.uint8), labels.astype(np.int64))
    assert scores.min() == 1


def test_stack_is_scored_as_one_volume():
    """The same id on two pages is one cell."""
    stack = np.array([[[1, 1]], [[1, 0]]])
    assert tally(stack, stack).true == 1


def test_cells_cut_by_a_page_row_do_not_flow_into_each_other():
    """Id 1 ends a row and starts the next: still one cell of two pixels."""
    labels = np.array([[0, 1], [1, 0]])
    assert match(labels, labels).true_areas.tolist() == [2]


@pytest.mark.parametrize(
    ("true", "predicted", "text"),
    [
        pytest.param(ONE, ONE[:, :2], "one shape", id="shapes"),
        pytest.param(ONE.astype(float), ONE, "integer dtype", id="float"),
        pytest.param(ONE, ONE > 0, "predicted labels of an integer", id="bool"),
        pytest.param(-ONE, ONE, "true labels >= 0", id="negative"),
    ],
)
def test_unusable_labels_are_refused_with_the_reason(true, predicted, text):
    with pytest.raises(ImageError, match=text):
        match(true, predicted)


class TestIgnoredBorder:
    """A band of 2 pixels of a 12 x 12 image is not scored."""

    @staticmethod
    def cell(rows: slice, columns: slice, number: int = 1) -> np.ndarray:
        labels = np.zeros((12, 12), np.int32)
        labels[rows, columns] = number
        return labels

    def test_cells_in_the_band_do_not_count(self):
        true = self.cell(slice(0, 2), slice(0, 5))
        predicted = self.cell(slice(10, 12), slice(0, 5))
        assert tally(true, predicted).average_precision[0] == 0
        scores = tally(true, predicted, ignore_border=2)
        assert (scores.true, scores.predicted) == (0, 0)
        assert scores.average_precision[0] == 1

    def test_cells_with_half_of_their_pixels_inside_count(self):
        half_inside = self.cell(slice(5, 7), slice(0, 4))
        mostly_outside = self.cell(slice(5, 7), slice(0, 3))
        assert tally(half_inside, half_inside, ignore_border=2).true == 1
        assert tally(mostly_outside, mostly_outside, ignore_border=2).true == 0

    def test_prediction_goes_with_its_true_cell_on_the_line(self):
        """Judged alone, one of the two would be an error for a pixel's difference."""
        inside = self.cell(slice(5, 7), slice(0, 4))
        outside = self.cell(slice(5, 7), slice(0, 3))
        kept = tally(inside, outside, ignore_border=2)
        assert (kept.true, kept.predicted, kept.matched) == (1, 1, 1)
        dropped = tally(outside, inside, ignore_border=2)
        assert (dropped.true, dropped.predicted) == (0, 0)

    def test_band_wider_than_the_image_leaves_nothing(self):
        everything = self.cell(slice(0, 12), slice(0, 12))
        assert tally(everything, everything, ignore_border=6).true == 0

    def test_band_lies_on_the_last_two_axes(self):
        stack = np.zeros((3, 12, 12), np.int32)
        stack[0, 4:8, 4:8] = 1
        assert tally(stack, stack, ignore_border=2).true == 1

    def test_other_cells_keep_their_pairs(self):
        true = self.cell(slice(0, 2), slice(0, 5)) + self.cell(
            slice(5, 9), slice(5, 9), 4
        )
        table = match(true, true, ignore_border=2)
        assert table.ious.tolist() == [1.0]
        assert table.true_areas.tolist() == [16]


class TestScore:
    """Over a data set: the mean over images and all cells pooled."""

    def test_mean_over_images_and_pooled_differ_as_defined(self):
        score = Score(thresholds=(0.5, 0.9))
        score.add(row(1, 1, 0, 2, 2, 0, 3), row(1, 1, 0, 0, 0, 0, 0))  # AP 1/3
        score.add(ONE, ONE)  # AP 1
        assert score.average_precision.tolist() == pytest.approx([2 / 3, 2 / 3])
        assert score.pooled.average_precision.tolist() == [2 / 4, 2 / 4]
        assert score.mean("recall") == pytest.approx((1 / 3 + 1) / 2)
        assert score.pooled.recall == 2 / 4

    def test_pooled_seg_is_the_mean_over_all_reference_cells(self):
        score = Score()
        score.add(EMPTY, ONE)  # no reference: takes no part in SEG
        score.add(row(1, 1, 1, 1), row(1, 1, 1, 0))
        assert score.pooled.seg == 3 / 4

    def test_summary_is_plain_json(self):
        score = Score(ignore_border=0)
        score.add(ONE, ONE)
        summary = json.loads(json.dumps(score.to_dict()))
        assert summary["images"] == 1
        assert summary["per_image"]["average_precision"]["0.5"] == 1
        assert summary["pooled"]["det"] == 1

    def test_without_images_there_is_no_mean(self):
        score = Score()
        assert np.isnan(score.average_precision).all()
        assert np.isnan(score.mean("f1"))
        assert score.to_dict()["per_image"] == {}

    def test_tallies_with_other_thresholds_do_not_add_up(self):
        table = match(ONE, ONE)
        with pytest.raises(ValueError, match="equal IoU thresholds"):
            Tally.of(table, (0.5,)) + Tally.of(table, (0.6,))


label_images = arrays(np.uint8, (6, 7), elements=st.integers(0, 4))


@given(label_images, label_images)
def test_table_agrees_with_the_dense_contingency_table(true, predicted):
    table = match(true, predicted)
    dense = np.zeros((5, 5))
    counts = contingency_table(true, predicted).toarray()
    dense[: counts.shape[0], : counts.shape[1]] = counts
    true_ids, predicted_ids = (np.unique(a[a > 0]) for a in (true, predicted))
    rebuilt = np.zeros((5, 5))
    rebuilt[true_ids[table.true_index], predicted_ids[table.predicted_index]] = (
        table.intersections
    )
    np.testing.assert_array_equal(rebuilt[1:, 1:], dense[1:, 1:])
    np.testing.assert_array_equal(table.true_areas, dense.sum(1)[true_ids])


@given(label_images, label_images)
def test_scores_stay_between_zero_and_one_and_swap_where_they_should(true, predicted):
    forth, back = tally(true, predicted), tally(predicted, true)
    values = forth.to_dict()
    for name in ("precision", "recall", "f1", "panoptic_quality", "seg", "det"):
        assert 0 <= values[name] <= 1, name
    assert forth.average_precision.tolist() == back.average_precision.tolist()
    assert forth.precision == back.recall
    assert forth.panoptic_quality == pytest.approx(back.panoptic_quality)
