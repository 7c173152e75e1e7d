"""Finding pairs and splitting them by group."""

import csv

import pytest

from dinocell_training.data.pairs import find_pairs
from dinocell_training.data.source import SourceConfig
from dinocell_training.data.split import split_pairs
from dinocell_training.scratch.config import load_recipe
from napari_dinocell.engine.errors import TrainingDataError

ALL = (SourceConfig(name="all"),)


def _touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def _manifest(folder, rows, columns=("image", "label", "group")):
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(dict(zip(columns, row, strict=True)) for row in rows)
    _touch(folder, *(row[i] for row in rows for i in (0, 1)))


def test_plain_folders_pair_by_suffix(tmp_path):
    _touch(
        tmp_path, "a.tif", "a_label.tif", "b.png", "b_masks.tif", "c.tif", "sub/d.png"
    )
    _touch(tmp_path, "sub/d.png", "sub/d_labels.png", "notes.txt")
    pairs = find_pairs(tmp_path, ALL)
    assert [(p.name, p.label.name) for p in pairs] == [
        ("a.tif", "a_label.tif"),
        ("b.png", "b_masks.tif"),
        ("sub/d.png", "d_labels.png"),
    ]


def test_a_manifest_decides_and_patterns_choose(tmp_path):
    _manifest(
        tmp_path, [("x/fluo_1.png", "x/1.png", "g"), ("y/he_1.png", "y/1.png", "g")]
    )
    pairs = find_pairs(tmp_path, (SourceConfig(name="f", pattern="x/fluo_*"),))
    assert [p.name for p in pairs] == ["x/fluo_1.png"]


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        pytest.param(lambda f: None, "Found no image with labels", id="empty"),
        pytest.param(
            lambda f: _touch(f, "a.tif", "b_label.tif"), "Found no image", id="no pair"
        ),
        pytest.param(
            lambda f: (f / "manifest.csv").write_text("image,group\na,b\n"),
            "column 'label'",
            id="no column",
        ),
        pytest.param(
            lambda f: (f / "manifest.csv").write_text("image,label\na.png,b.png\n"),
            "do not exist",
            id="files gone",
        ),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(tmp_path, prepare, words):
    prepare(tmp_path)
    with pytest.raises(TrainingDataError, match=words):
        find_pairs(tmp_path, ALL)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(TrainingDataError, match="is not one"):
        find_pairs(tmp_path / "nowhere", ALL)


def _many(tmp_path, groups=25, size=4):
    rows = [
        (f"i{g}_{i}.png", f"l{g}_{i}.png", f"g{g}")
        for g in range(groups)
        for i in range(size)
    ]
    _manifest(tmp_path, rows)
    return find_pairs(tmp_path, ALL)


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_never_split(tmp_path, seed):
    split = split_pairs(_many(tmp_path), validation_share=0.2, seed=seed)
    train = {p.group for p in split.train}
    validation = {p.group for p in split.validation}
    assert not train & validation
    assert len(split.train) + len(split.validation) == 100
    assert 16 <= len(split.validation) <= 26


def test_the_seed_decides_the_split(tmp_path):
    pairs = _many(tmp_path)
    splits = [split_pairs(pairs, validation_share=0.2, seed=s) for s in (0, 0, 1)]
    assert splits[0] == splits[1]
    assert splits[0] != splits[2]


def test_one_group_only_trains(tmp_path):
    split = split_pairs(_many(tmp_path, groups=1), validation_share=0.2, seed=0)
    assert not split.validation
    assert len(split.train) == 4


def test_evaluation_sources_are_never_trained_on(tmp_path):
    _manifest(tmp_path, [(f"e/{i}.png", f"e/l{i}.png", str(i)) for i in range(5)])
    source = SourceConfig(name="e", pattern="e/*", train=False)
    split = split_pairs(find_pairs(tmp_path, (source,)), validation_share=0.2, seed=0)
    assert len(split.evaluation_only) == 5
    assert not split.train
    assert not split.validation


def test_the_default_recipe_keeps_evaluation_data_out(shared_data):
    recipe = load_recipe("default")
    pairs = find_pairs(shared_data, recipe.sources)
    split = split_pairs(
        pairs, validation_share=recipe.validation_share, seed=recipe.seed
    )
    assert len(pairs) == len(split.train) + len(split.validation) + 38
    for part in (split.train, split.validation):
        assert not [p for p in part if "evaluation_only" in p.name]
        assert {p.source.name for p in part} == {
            s.name for s in recipe.sources if s.train
        }


def test_what_validated_the_default_model_never_trains_its_successor(shared_data):
    """`broad` goes on from the default model: its scores must stay comparable."""
    splits = []
    for name in ("default", "broad"):
        recipe = load_recipe(name)
        pairs = find_pairs(shared_data, recipe.sources)
        splits.append(
            split_pairs(
                pairs, validation_share=recipe.validation_share, seed=recipe.seed
            )
        )
    validation = {pair.name for pair in splits[0].validation}
    assert validation
    assert validation <= {pair.name for pair in splits[1].validation}
    assert not any("evaluation_only" in pair.name for pair in splits[1].train)
