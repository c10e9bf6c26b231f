"""musicnn (Pons, Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR 2019 late-breaking
demo) in torch, with the weights that lie in its wheel: 50 tags and the 200 values before them.

`pip install --no-deps musicnn` is all it needs; TensorFlow is not. The layers are those of musicnn/models.py (ISC licence).
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import librosa
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.tf_checkpoint import read_checkpoint

SAMPLE_RATE = 16000
HOP, FFT, MELS = 256, 512, 96
PATCH_FRAMES = 187  # 3 s
PENULTIMATE, TAGS = 200, 50
_EPSILON = 1e-3  # TensorFlow's batch normalisation
_TIMBRAL, _TEMPORAL = 2, 3  # branches of the front end


def musicnn_folder() -> Path:
    """Where the installed package lies; it is not imported, for it would import TensorFlow."""
    found = importlib.util.find_spec("musicnn")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("musicnn is not installed: pip install --no-deps musicnn")
    return Path(found.submodule_search_locations[0])


def tag_names(model: str, folder: Path | None = None) -> tuple[str, ...]:
    """The 50 tags of "MSD_musicnn" or "MTT_musicnn", in the order of the outputs."""
    source = (folder or musicnn_folder()) / "configuration.py"
    wanted = f"{model[:3]}_LABELS"
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == wanted:
            return tuple(ast.literal_eval(node.value))
    raise SystemExit(f"{source} holds no {wanted}")


def load_teacher(model: str, folder: Path | None = None, *, precision: torch.dtype = torch.float32) -> Musicnn:
    """The network of "MSD_musicnn" or "MTT_musicnn", in evaluation mode."""
    return Musicnn(read_checkpoint((folder or musicnn_folder()) / model), precision).eval()


def patches(y: NDArray[np.float32]) -> NDArray[np.float32]:
    """The teacher's input for mono audio at 16 kHz, float32 (patches, 187, 96): one after the other, as in its extractor.

    What is shorter than a patch is repeated until it fills one.
    """
    shortest = HOP * (PATCH_FRAMES - 1)
    if len(y) < shortest:
        y = np.resize(y, shortest)
    power = librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE, hop_length=HOP, n_fft=FFT, n_mels=MELS).T
    level = np.log10(10000.0 * power.astype(np.float16).astype(np.float32) + 1.0)
    n = len(level) // PATCH_FRAMES
    result: NDArray[np.float32] = level[: n * PATCH_FRAMES].reshape(n, PATCH_FRAMES, MELS).astype(np.float32)
    return result


class Musicnn(nn.Module):
    """Patches (b, 187, 96) -> the 200 values before the output and the logits of the 50 tags.

    Batch normalisation stands after each ReLU, hence before each maximum over frequency.

    Parameters
    ----------
    precision : of the products in the front end, nine tenths of the work; bfloat16 is faster where the CPU knows it, and moves
        the 200 values by less than a hundredth of their deviation.
    """

    def __init__(self, arrays: Mapping[str, NDArray[np.float32]], precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.precision = precision
        names = ["conv2d", *(f"conv2d_{i}" for i in range(1, 8))]
        # TensorFlow's kernels are (frames, bands, in, out).
        self.kernels = nn.ParameterList([_frozen(arrays[f"{name}/kernel"].transpose(3, 2, 0, 1)) for name in names])
        self.biases = nn.ParameterList([_frozen(arrays[f"{name}/bias"]) for name in names])
        self.gains, self.offsets = nn.ParameterList(), nn.ParameterList()
        for i in range(11):
            norm = "batch_normalization" + (f"_{i}" if i else "")
            gain = arrays[f"{norm}/gamma"] / np.sqrt(arrays[f"{norm}/moving_variance"] + _EPSILON)
            self.gains.append(_frozen(gain))
            self.offsets.append(_frozen(arrays[f"{norm}/beta"] - arrays[f"{norm}/moving_mean"] * gain))
        self.dense = nn.ParameterList([_frozen(arrays[f"dense{i}/kernel"].T) for i in ("", "_1")])
        self.dense_biases = nn.ParameterList([_frozen(arrays[f"dense{i}/bias"]) for i in ("", "_1")])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Levels (b, frames, 96) -> (b, 200) and (b, 50)."""
        x = self._norm(x.unsqueeze(1), 0)  # (b, 1, frames, bands)
        front = torch.cat([self._block(x, i) for i in range(_TIMBRAL + _TEMPORAL)], 1)  # (b, 561, frames)
        maps = [front]
        for i in range(5, 8):
            y = functional.conv1d(functional.pad(maps[-1], (3, 3)), self.kernels[i].squeeze(1).transpose(1, 2), self.biases[i])
            y = self._norm(functional.relu(y), i + 1)
            maps.append(y if i == 5 else y + maps[-1])  # (b, 64, frames)
        together = torch.cat(maps, 1)  # (b, 753, frames)
        # TensorFlow flattens (features, 2): the maximum and the mean of each feature lie side by side.
        pooled = torch.stack((together.amax(2), together.mean(2)), 2).flatten(1)
        hidden = functional.linear(self._norm(pooled, 9), self.dense[0], self.dense_biases[0])
        hidden = self._norm(functional.relu(hidden), 10)
        return hidden, functional.linear(hidden, self.dense[1], self.dense_biases[1])

    def _block(self, x: Tensor, i: int) -> Tensor:
        """One branch of the front end: a convolution and the maximum over all bands, (b, filters, frames).

        As one matrix product over all windows, for torch's convolution of one channel is slower. ReLU and normalisation of
        each filter rise or fall everywhere; a filter whose normalisation falls is turned round before the maximum.
        """
        kernel, turn = self.kernels[i][:, 0], self.gains[i + 1].sign()  # (filters, frames, bands)
        frames, bands = kernel.shape[1:]
        before = (frames - 1) // 2
        weights = (kernel.flatten(1) * turn[:, None]).to(self.precision)
        greatest = []
        for patch in functional.pad(x[:, 0], (0, 0, before, frames - 1 - before)).to(self.precision):  # one fits into the cache
            windows = patch.unfold(0, frames, 1).unfold(1, bands, 1).flatten(2)  # (frames, places, window)
            greatest.append(functional.linear(windows, weights).amax(1))
        y = torch.stack(greatest).float() * turn + self.biases[i]  # (b, frames, filters)
        return self._norm(functional.relu(y).transpose(1, 2), i + 1)

    def _norm(self, x: Tensor, i: int) -> Tensor:
        shape = (1, -1) + (1,) * (x.dim() - 2)
        y: Tensor = x * self.gains[i].view(shape) + self.offsets[i].view(shape)
        return y


def _frozen(array: NDArray[np.float32]) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(np.ascontiguousarray(array)), requires_grad=False)
