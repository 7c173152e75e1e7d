"""The command line with a real, small, untrained network: no part is replaced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile
import torch

from napari_dinocell import segment as segment_image
from napari_dinocell.engine.config import ContrastConfig, WatershedConfig
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.variants import VARIANTS
from napari_dinocell.engine.results.provenance import read_provenance
from tests.cli.conftest import discs, write_tiff
from tests.engine.drawings.tissue import as_uint8, stained
from tests.training.conftest import TINY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CENTRES = ((10, 10), (30, 40), (10, 40))

RECIPE = """
name = "small"
variant = "vitz16"
decoder_channels = [8, 8, 8, 8]
crop_sizes = [32]
batch_size = 2
epochs = 2
steps_per_epoch = 1
warmup_steps = 1
validation_images = 1
precision = "float32"
device = "cpu"
[[sources]]
name = "squares"
"""


@pytest.fixture(scope="module", autouse=True)
def tiny_variant() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VARIANTS, TINY.name, TINY)
        yield


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    config = ModelConfig(variant="vitz16", decoder_channels=(8, 8, 8, 8))
    model = DinoCell(config).eval()
    with torch.no_grad():  # spread the map of noise over 0 to 1
        logits = model.logits(torch.rand(1, 1, 64, 64))
        factor = 2 / logits.std()
        model.head.weight.mul_(factor)
        model.head.bias.copy_((model.head.bias - logits.mean()) * factor)
    info = CheckpointInfo(
        model=config,
        name="small",
        contrast=ContrastConfig(window=32),
        watershed=WatershedConfig(seed_threshold=0.6, foreground_threshold=0.4),
    )
    path = tmp_path_factory.mktemp("real") / "small.safetensors"
    save_checkpoint(path, model, info)
    return path


@pytest.fixture
def pair_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    folder.mkdir()
    for index in range(4):
        image = discs(*((y, x + index) for y, x in CENTRES))
        cv2.imwrite(str(folder / f"cells{index}.png"), image)
        _, labels = cv2.connectedComponents((image > 100).astype(np.uint8))
        cv2.imwrite(str(folder / f"cells{index}_label.png"), labels.astype(np.uint16))
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(RECIPE)
    return path


def test_files_hold_what_the_library_gives(dinocell, checkpoint, tmp_path):
    """Same labels from the command line, the library and a replayed side-car."""
    noise = np.random.default_rng(0).integers(0, 20, (2, 70, 90)).astype(np.uint8)
    stack = noise + np.pad(discs(*CENTRES), ((0, 30), (0, 30)))
    write_tiff(tmp_path / "a.tif", stack, metadata={"axes": "TYX"})
    arguments = (tmp_path / "a.tif", "--device", "cpu", "-o")
    settings = ("-m", checkpoint, "--min-size", 5, "--cell-diameter", 20)
    first = dinocell("segment", *arguments, tmp_path / "out", *settings)
    assert first.status == 0, first.err
    labels = tifffile.imread(tmp_path / "out" / "a_labels.tif")
    assert labels.max() > 0
    for page, image in zip(labels, stack, strict=True):
        expected = segment_image(
            image, model=checkpoint, device="cpu", min_size=5, cell_diameter=20
        )
        np.testing.assert_array_equal(page, expected)
    sidecar = tmp_path / "out" / "a_labels.json"
    assert read_provenance(sidecar).settings.contrast.window == 32
    again = dinocell("segment", *arguments, tmp_path / "again", "--settings", sidecar)
    assert again.status == 0, again.err
    replayed = tifffile.imread(tmp_path / "again" / "a_labels.tif")
    np.testing.assert_array_equal(replayed, labels)


class TestStainedTissue:
    @pytest.fixture
    def picture(self, tmp_path):
        path = tmp_path / "tissue.png"
        cv2.imwrite(str(path), as_uint8(stained())[..., ::-1])
        return path

    @pytest.fixture
    def labels_of(self, dinocell, checkpoint, picture, tmp_path):
        """Labels and side-car of a call with these options."""

        def run(name, *options):
            known = ("--device", "cpu", "-m", checkpoint, "-d", 20)
            ended = dinocell(
                "segment", picture, "-o", tmp_path / name, *known, *options
            )
            assert ended.status == 0, ended.err
            labels = tifffile.imread(tmp_path / name / "tissue_labels.tif")
            return labels, tmp_path / name / "tissue_labels.json"

        return run

    @pytest.fixture
    def expected(self, checkpoint):
        """What the library gives for a channel."""

        def run(channel):
            known = {"model": checkpoint, "device": "cpu", "cell_diameter": 20}
            return segment_image(as_uint8(stained()), channel=channel, **known)

        return run

    def test_is_segmented_by_its_hematoxylin(self, labels_of, expected):
        labels, sidecar = labels_of("auto")
        np.testing.assert_array_equal(labels, expected("hematoxylin"))
        record = read_provenance(sidecar)
        assert record.settings.channel == "auto"
        assert record.pages[0].channel == "hematoxylin"
        again, _ = labels_of("again", "--settings", sidecar)
        np.testing.assert_array_equal(again, labels)

    @pytest.mark.parametrize("channel", ["gray", "hematoxylin"])
    def test_channel_is_the_user_s_choice(self, labels_of, expected, channel):
        labels, sidecar = labels_of("chosen", "--channel", channel)
        np.testing.assert_array_equal(labels, expected(channel))
        record = read_provenance(sidecar)
        assert (record.settings.channel, record.pages[0].channel) == (channel, None)

    def test_sidecar_of_before_replays_by_luminance(self, labels_of, expected):
        """There was no other default, and pages said nothing of channels."""
        _, sidecar = labels_of("former", "--channel", "gray")
        values = json.loads(sidecar.read_text("utf-8"))
        for page in values["pages"]:
            del page["channel"]
        sidecar.write_text(json.dumps(values), "utf-8")
        labels, _ = labels_of("replayed", "--settings", sidecar)
        np.testing.assert_array_equal(labels, expected("gray"))
        assert not np.array_equal(expected("gray"), expected("hematoxylin"))

    def test_limits_in_intensities_are_those_of_luminance(self, labels_of):
        labels, sidecar = labels_of("given", "--limits", "20,240")
        gray, _ = labels_of("gray", "--limits", "20,240", "--channel", "gray")
        np.testing.assert_array_equal(labels, gray)
        assert read_provenance(sidecar).pages[0].channel == "gray"


def test_model_without_a_decoder_ends_the_run_once(
    dinocell, checkpoint, tmp_path, monkeypatch
):
    from dataclasses import replace

    from napari_dinocell.engine.model.checkpoint import load_checkpoint

    model, info = load_checkpoint(checkpoint)
    untrained = tmp_path / "untrained.safetensors"
    save_checkpoint(untrained, model, replace(info, needs_training=True))
    for name in ("a.tif", "b.tif"):
        write_tiff(tmp_path / name, discs(*CENTRES))
    out = tmp_path / "out"
    result = dinocell("segment", tmp_path, "-o", out, "-m", untrained)
    assert result.status == 1
    assert result.err.count("holds a backbone only") == 1


def test_unknown_device_ends_the_run_once(dinocell, checkpoint, tmp_path):
    for name in ("a.tif", "b.tif"):
        write_tiff(tmp_path / name, discs(*CENTRES))
    result = dinocell(
        "segment", tmp_path, "-o", tmp_path, "-m", checkpoint, "--device", "abacus"
    )
    assert result.status == 1
    assert result.err.count("abacus") == 1


def test_evaluate_prints_and_writes_scores(dinocell, checkpoint, pair_folder, tmp_path):
    scores = tmp_path / "scores.json"
    options = ("--device", "cpu", "--json", scores, "--channel", "gray")
    result = dinocell("evaluate", pair_folder, "-m", checkpoint, *options)
    assert result.status == 0, result.err
    assert "AP50" in result.out
    content = json.loads(scores.read_text())
    assert content["settings"]["channel"] == "gray"
    assert len(content["images"]) == 4
    assert content["sources"]["all"]["pooled"]["true"] == 12
    assert 0 <= content["sources"]["all"]["per_image"]["average_precision"]["0.5"] <= 1


def test_evaluate_takes_the_validation_images_of_a_recipe(
    dinocell, checkpoint, pair_folder, recipe, tmp_path
):
    scores = tmp_path / "scores.json"
    result = dinocell(
        "evaluate", pair_folder, "-m", checkpoint, "--recipe", recipe,
        "--part", "validation", "--json", scores,
    )  # fmt: skip
    assert result.status == 0, result.err
    assert len(json.loads(scores.read_text())["images"]) == 1


def test_evaluate_says_when_a_part_is_empty(dinocell, checkpoint, pair_folder, recipe):
    result = dinocell(
        "evaluate", pair_folder, "-m", checkpoint, "--recipe", recipe,
        "--part", "held-out",
    )  # fmt: skip
    assert result.status == 1
    assert "no held-out images" in result.err


def test_train_writes_a_model_that_segments(dinocell, pair_folder, recipe, tmp_path):
    run = tmp_path / "run"
    result = dinocell("train", pair_folder, "-o", run, "--recipe", recipe)
    assert result.status == 0, result.err
    assert "epoch 2/2" in result.out
    trained = run / "small.safetensors"
    assert str(trained) in result.out
    write_tiff(tmp_path / "a.tif", discs(*CENTRES))
    done = dinocell(
        "segment", tmp_path / "a.tif", "-o", tmp_path, "-m", trained, "--device", "cpu"
    )
    assert done.status == 0, done.err
    more = dinocell(
        "train", pair_folder, "-o", run, "--recipe", recipe, "--resume", "--epochs", 3
    )
    assert more.status == 0, more.err
    assert "epoch 3/3" in more.out
    assert "epoch 1/" not in more.out


def test_train_without_pairs_is_a_plain_error(dinocell, recipe, tmp_path):
    (tmp_path / "empty").mkdir()
    result = dinocell("train", tmp_path / "empty", "-o", tmp_path, "--recipe", recipe)
    assert result.status == 1
    assert "Found no image with labels" in result.err


def test_demo_shows_the_sample(dinocell, checkpoint, tmp_path):
    result = dinocell(
        "demo", "--no-viewer", "-o", tmp_path, "-m", checkpoint, "--device", "cpu"
    )
    assert result.status == 0, result.err
    assert (tmp_path / "colon_nuclei_labels.tif").is_file()
