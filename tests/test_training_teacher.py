"""The teacher in torch: against the layers written down plainly, and against what TensorFlow said."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.teacher import Musicnn, load_teacher, patches, tag_names
from training.tf_checkpoint import read_checkpoint

installed = pytest.mark.skipif(
    importlib.util.find_spec("musicnn") is None, reason="musicnn is not installed (pip install --no-deps)"
)
# Logits 0, 9, 25, 49 and values 0, 50, 100, 199 of musicnn 0.1.0 under TensorFlow 2.15 for the patch of `wave`.
TOLD = {
    "MSD_musicnn": ((-5.809283, -3.841467, -9.840342, -9.146798), (-0.177176, 2.745313, -0.352639, 0.219080)),
    "MTT_musicnn": ((-4.100342, -5.196358, -10.815135, -6.244869), (0.087513, -0.473678, -0.121619, 1.395652)),
}


def wave() -> torch.Tensor:
    """A patch that any program can make, (1, 187, 96)."""
    frame, band = np.arange(187)[:, None], np.arange(96)[None]
    return torch.from_numpy((2 + 1.5 * np.sin(frame / 7.0 + band / 11.0) * np.cos(band / 5.0)).astype(np.float32)[None])


def weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Arrays of the shapes in musicnn's checkpoint, at random; half of the gains are negative."""
    sizes = [
        (7, 38, 1, 204),
        (7, 67, 1, 204),
        (128, 1, 1, 51),
        (64, 1, 1, 51),
        (32, 1, 1, 51),
        (7, 561, 1, 64),
        (7, 64, 1, 64),
        (7, 64, 1, 64),
    ]
    arrays: dict[str, np.ndarray] = {}
    for i, size in enumerate(sizes):
        name = f"conv2d_{i}" if i else "conv2d"
        arrays[f"{name}/kernel"] = rng.standard_normal(size) / np.sqrt(np.prod(size[:3]))
        arrays[f"{name}/bias"] = rng.standard_normal(size[3])
    for i, width in enumerate((1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200)):
        name = f"batch_normalization_{i}" if i else "batch_normalization"
        for part in ("beta", "gamma", "moving_mean"):
            arrays[f"{name}/{part}"] = rng.standard_normal(width)
        arrays[f"{name}/moving_variance"] = rng.uniform(0.5, 2.0, width)
    for i, (before, after) in enumerate(((1506, 200), (200, 50))):
        name = f"dense_{i}" if i else "dense"
        arrays[f"{name}/kernel"] = rng.standard_normal((before, after)) / np.sqrt(before)
        arrays[f"{name}/bias"] = rng.standard_normal(after)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def plain(arrays: dict[str, np.ndarray], x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """musicnn/models.py layer by layer, with torch's own convolutions and normalisations."""

    def get(name: str) -> torch.Tensor:
        return torch.from_numpy(arrays[name])

    def norm(y: torch.Tensor, i: int) -> torch.Tensor:
        name = f"batch_normalization_{i}" if i else "batch_normalization"
        mean, variance = get(f"{name}/moving_mean"), get(f"{name}/moving_variance")
        return functional.batch_norm(y, mean, variance, get(f"{name}/gamma"), get(f"{name}/beta"), eps=1e-3)

    def convolve(y: torch.Tensor, i: int, padding: tuple[int, int]) -> torch.Tensor:
        name = f"conv2d_{i}" if i else "conv2d"
        padded = functional.pad(y, (0, 0, *padding))
        return functional.relu(functional.conv2d(padded, get(f"{name}/kernel").permute(3, 2, 0, 1), get(f"{name}/bias")))

    x = norm(x[:, None], 0)
    sides = ((3, 3), (3, 3), (63, 64), (31, 32), (15, 16))
    front = torch.cat([norm(convolve(x, i, sides[i]), i + 1).amax(3) for i in range(5)], 1)  # (b, 561, frames)
    maps = [front]
    for i in (5, 6, 7):
        y = norm(convolve(maps[-1].transpose(1, 2)[:, None], i, (3, 3)), i + 1)[:, :, :, 0]
        maps.append(y if i == 5 else y + maps[-1])
    together = torch.cat(maps, 1)
    pooled = norm(torch.stack((together.amax(2), together.mean(2)), 2).flatten(1), 9)
    hidden = norm(functional.relu(pooled @ get("dense/kernel") + get("dense/bias")), 10)
    return hidden, hidden @ get("dense_1/kernel") + get("dense_1/bias")


def test_front_end_as_one_product_is_the_same_as_layer_by_layer() -> None:
    arrays = weights(np.random.default_rng(0))
    with torch.inference_mode():
        ours, theirs = Musicnn(arrays).eval()(wave()), plain(arrays, wave())
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-4)


def test_patches_follow_each_other_and_a_short_clip_is_repeated() -> None:
    second = np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    assert patches(np.resize(second, 16000 * 10)).shape == (3, 187, 96)
    assert patches(second).shape == (1, 187, 96)


def test_levels_are_those_of_the_formula() -> None:
    y = np.zeros(16000 * 4, np.float32)
    assert not patches(y).any()  # log10(10000 * 0 + 1)


@installed
@pytest.mark.parametrize("model", sorted(TOLD))
def test_says_what_tensorflow_said(model: str) -> None:
    with torch.inference_mode():
        values, logits = load_teacher(model)(wave())
    np.testing.assert_allclose(logits[0, [0, 9, 25, 49]], TOLD[model][0], atol=1e-4)
    np.testing.assert_allclose(values[0, [0, 50, 100, 199]], TOLD[model][1], atol=1e-4)


@installed
def test_tags_are_read_without_importing_the_package() -> None:
    assert tag_names("MSD_musicnn")[:2] == ("rock", "pop")
    assert len(tag_names("MTT_musicnn")) == 50


def test_checkpoint_of_two_arrays_is_read_without_tensorflow(tmp_path: Path) -> None:
    first, second = np.arange(6, dtype="<f4").reshape(2, 3), np.float32([7.5])
    (tmp_path / ".data-00000-of-00001").write_bytes(first.tobytes() + second.tobytes())
    entries = [
        (b"", b"\x08\x01"),
        (b"dense/bias", entry((1,), 24, 4)),
        (b"dense/kernel", entry((2, 3), 0, 24)),
    ]
    block = table_block(entries)
    index = table_block([(b"e", bytes([0, *varint(len(block) - 5)]))])
    footer = bytes([0, 0, *varint(len(block)), *varint(len(index) - 5)])
    magic = bytes.fromhex("57fb808b247547db")
    (tmp_path / ".index").write_bytes(block + index + footer.ljust(40, b"\0") + magic)
    arrays = read_checkpoint(tmp_path)
    assert sorted(arrays) == ["dense/bias", "dense/kernel"]
    np.testing.assert_array_equal(arrays["dense/kernel"], first)
    np.testing.assert_array_equal(arrays["dense/bias"], second)


def test_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".data-00000-of-00001").write_bytes(b"x")
    (tmp_path / ".index").write_bytes(b"not a table" * 10)
    with pytest.raises(ValueError, match="no LevelDB table"):
        read_checkpoint(tmp_path)


def varint(value: int) -> list[int]:
    out = []
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return [*out, value]


def entry(shape: tuple[int, ...], offset: int, size: int) -> bytes:
    """BundleEntryProto: float, shape, offset, size."""
    dims = b"".join(bytes([0x12, 2, 0x08, n]) for n in shape)
    return bytes([0x08, 1, 0x12, len(dims)]) + dims + bytes([0x20, *varint(offset), 0x28, *varint(size)])


def table_block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A LevelDB block with prefix-compressed keys, one restart, no compression; five bytes of trailer."""
    out, before = b"", b""
    for key, value in entries:
        shared = next((i for i, (a, b) in enumerate(zip(before, key, strict=False)) if a != b), min(len(before), len(key)))
        out += bytes([*varint(shared), *varint(len(key) - shared), *varint(len(value))]) + key[shared:] + value
        before = key
    return out + bytes(4) + (1).to_bytes(4, "little") + bytes(5)
