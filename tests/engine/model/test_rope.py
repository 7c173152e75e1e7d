"""Rotary positions: angles, invariances, cache."""

from __future__ import annotations

import math

import pytest
import torch

from napari_dinocell.engine.model.rope import (
    MAX_CACHED_TABLES,
    RotaryTableCache,
    patch_centres,
    rope_periods,
    rotary_table,
    rotate,
)

CPU = torch.device("cpu")


def test_centres_are_normalised_per_axis() -> None:
    """Row by row, (y, x), in the middle of each patch of [-1, 1]."""
    centres = patch_centres(2, 4)
    expected = [(y, x) for y in (-0.5, 0.5) for x in (-0.75, -0.25, 0.25, 0.75)]
    torch.testing.assert_close(centres, torch.tensor(expected))


def test_periods_grow_from_one_towards_the_base() -> None:
    torch.testing.assert_close(
        rope_periods(16), torch.tensor([1.0, 100**0.25, 10.0, 100**0.75])
    )


def test_first_half_of_the_pairs_turns_by_row_second_by_column() -> None:
    cos, sin = rotary_table(2, 2, head_dim=8, prefix=0)
    angle = 2 * math.pi * -0.5  # first patch: y = x = -0.5; periods 1 and 10
    expected = torch.tensor([angle, angle / 10, angle, angle / 10])
    torch.testing.assert_close(cos[0], expected.cos())
    torch.testing.assert_close(sin[0], expected.sin())


def test_prefix_tokens_are_not_rotated() -> None:
    tokens = torch.randn(1, 2, 5 + 6, 8)
    turned = rotate(tokens, rotary_table(2, 3, head_dim=8, prefix=5))
    torch.testing.assert_close(turned[:, :, :5], tokens[:, :, :5])
    assert not torch.allclose(turned[:, :, 5:], tokens[:, :, 5:])


def test_rotation_keeps_lengths() -> None:
    tokens = torch.randn(1, 2, 6, 8)
    turned = rotate(tokens, rotary_table(2, 3, head_dim=8, prefix=0))
    torch.testing.assert_close(turned.norm(dim=-1), tokens.norm(dim=-1))


def test_products_depend_on_the_distance_only() -> None:
    """Of a query and a key: what makes the embedding a relative one."""
    query, key = torch.randn(2, 1, 1, 1, 8).expand(2, 1, 1, 16, 8)
    table = rotary_table(4, 4, head_dim=8, prefix=0)
    products = (rotate(query, table) @ rotate(key, table).mT)[0, 0].view(4, 4, 4, 4)
    torch.testing.assert_close(products[0, 0, 1, 2], products[2, 1, 3, 3])


def test_cache_gives_the_same_table_again() -> None:
    cache = RotaryTableCache(head_dim=8, prefix=5)
    first = cache.get(2, 3, CPU, torch.float32)
    assert cache.get(2, 3, CPU, torch.float32) is first
    assert cache.get(3, 2, CPU, torch.float32) is not first
    assert cache.get(2, 3, CPU, torch.bfloat16)[0].dtype == torch.bfloat16


def test_cache_does_not_grow_without_end() -> None:
    cache = RotaryTableCache(head_dim=8, prefix=5)
    for rows in range(1, 3 * MAX_CACHED_TABLES):
        cache.get(rows, 1, CPU, torch.float32)
    assert len(cache._tables) <= MAX_CACHED_TABLES


def test_table_from_inference_mode_serves_training() -> None:
    """Torch refuses to differentiate through tensors made in inference mode."""
    cache = RotaryTableCache(head_dim=8, prefix=0)
    with torch.inference_mode():
        cache.get(1, 1, CPU, torch.float32)
    tokens = torch.randn(1, 1, 1, 8, requires_grad=True)
    turned = rotate(tokens, cache.get(1, 1, CPU, torch.float32))
    (gradient,) = torch.autograd.grad(turned.sum(), tokens)
    assert gradient.count_nonzero()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_rotation_keeps_the_dtype(dtype: torch.dtype) -> None:
    cache = RotaryTableCache(head_dim=8, prefix=0)
    tokens = torch.randn(1, 1, 6, 8, dtype=dtype)
    assert rotate(tokens, cache.get(2, 3, CPU, dtype)).dtype == dtype
