"""From a notation to a torch module: hyper-image snippets in, class scores and the embedding out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from content import layers, modules
from content.layers import Architecture, Layer
from content.lrn import LocalResponseNorm
from content.shapes import NetworkChoices, Shape, flat_kernel, layer_shapes, sequence_shapes

# A long song goes through the network in pieces of this many snippets, so that memory stays flat.
MOST_AT_ONCE = 64


def build(
    architecture: Architecture, n_rows: int, n_frames: int, n_classes: int, choices: NetworkChoices | None = None
) -> Network:
    """A network with fresh weights; torch's global generator decides them.

    Raises
    ------
    InputError : the image is too small for the layers, with the numbers.
    """
    network = Network(architecture, n_rows, n_frames, n_classes, choices or NetworkChoices())
    # Channels last in memory: about a tenth faster on CPUs, more on GPUs. Every network is made here, so every one has the same
    # layout; the order of a sum depends on it, hence the last bits of an embedding.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def to_input(snippets: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Snippets uint8 (b, n_frames, n_rows) as the network reads them: float32 (b, 1, n_rows, n_frames) in [0, 1] on `device`."""
    levels = torch.from_numpy(snippets).to(device)
    return levels.transpose(1, 2).unsqueeze(1).float().div_(255.0)


def to_inputs(snippets: NDArray[np.uint8], device: torch.device) -> Iterator[Tensor]:
    """The snippets of one song as `to_input` gives them, at most `MOST_AT_ONCE` at a time."""
    for first in range(0, len(snippets), MOST_AT_ONCE):
        yield to_input(snippets[first : first + MOST_AT_ONCE], device)


class Network(nn.Module):
    """The network of the notation.

    The buffers `row_mean` and `row_std`, float32 (n_rows,), bring each row of the hyper-image to mean 0 and deviation 1 over the
    training songs; `content.training` fills them.
    """

    row_mean: Tensor
    row_std: Tensor
    frozen: bool = False  # whether the body stays as it is in training, see `freeze_body`

    def __init__(self, architecture: Architecture, n_rows: int, n_frames: int, n_classes: int, choices: NetworkChoices) -> None:
        super().__init__()
        self.register_buffer("row_mean", torch.zeros(n_rows))
        self.register_buffer("row_std", torch.ones(n_rows))
        layer_shapes(architecture, n_rows, n_frames, n_classes, choices)  # refuses what cannot be built
        self.body = _sequence(architecture.layers, (1, n_rows, n_frames), choices)
        self.output = nn.Linear(architecture.embedding_size, n_classes)
        _initialise([*self.body, self.output])

    def freeze_body(self) -> None:
        """Train the output alone: the body gets no gradient, and stays in evaluation mode with its norms and dropouts."""
        self.frozen = True
        self.body.requires_grad_(False)
        self.body.eval()

    def train(self, mode: bool = True) -> Network:
        """As of any module, but for a frozen body."""
        super().train(mode)
        if self.frozen:
            self.body.eval()
        return self

    def embed(self, x: Tensor) -> Tensor:
        """Snippets (batch, 1, n_rows, n_frames) in [0, 1] -> embeddings (batch, embedding_size)."""
        x = (x - self.row_mean[:, None]) / self.row_std[:, None]  # (batch, 1, rows, frames)
        embedding: Tensor = self.body(x)  # (batch, embedding_size)
        return embedding

    def forward(self, x: Tensor) -> Tensor:
        """Snippets (batch, 1, n_rows, n_frames) in [0, 1] -> scores before softmax (batch, n_classes)."""
        scores: Tensor = self.output(self.embed(x))  # (batch, classes)
        return scores


def _sequence(wanted: Sequence[Layer], shape: Shape, choices: NetworkChoices) -> nn.Sequential:
    """The modules of layers that follow each other, the first of which gets `shape`."""
    body: list[nn.Module] = []
    for layer in wanted:
        body += _modules(layer, shape, choices)
        shape = sequence_shapes([layer], shape, choices)[-1].shape
    return nn.Sequential(*body)


def _modules(layer: Layer, shape: Shape, choices: NetworkChoices) -> list[nn.Module]:
    """The modules of one layer that gets `shape`: (channels, rows, frames), or (neurons,)."""
    channels, padding = shape[0], choices.padding
    match layer:
        case layers.Convolution(stride, field, depth):
            convolution = modules.PaddedConvolution(channels, depth, (field, field), (stride, stride), padding)
            return [convolution, nn.ReLU(inplace=True)]
        case layers.TemporalConvolution(stride, field, depth):
            return [modules.TemporalConvolution(channels, shape[1], depth, field, stride, padding), nn.ReLU(inplace=True)]
        case layers.Separable(stride, field, depth):
            height, down = flat_kernel(shape, field, stride)
            return [modules.Separable(channels, depth, (height, field), (down, stride), padding), nn.ReLU(inplace=True)]
        case layers.Residual(stride, field, depth):
            height, down = flat_kernel(shape, field, stride)
            fits = sequence_shapes([layer], shape, choices)[-1].shape == shape
            return [modules.Residual(channels, depth, (height, field), (down, stride), fits=fits)]
        case layers.LocalResponse():
            size, alpha, beta, k = choices.lrn_size, choices.lrn_alpha, choices.lrn_beta, choices.lrn_k
            return [LocalResponseNorm(channels, size=size, alpha=alpha, beta=beta, k=k)]
        case layers.MaxPool():
            return [modules.PaddedMaxPool(choices.pool_size, choices.pool_stride, padding)]
        case layers.BatchNorm():
            return [modules.BatchNorm(channels)]
        case layers.Relu():
            return [nn.ReLU()]
        case layers.Dropout(percent):
            return [nn.Dropout(percent / 100)]
        case layers.Recurrent(units):
            return [modules.Recurrent(channels * shape[1], units)]
        case layers.GlobalPool():
            return [modules.GlobalPool()]
        case layers.Moments():
            return [modules.Moments()]
        case layers.Attention(heads):
            return [modules.Attention(channels * shape[1], heads)]
        case layers.Branches(ways):
            return [modules.Branches([_sequence(way, shape, choices) for way in ways])]
        case layers.FullyConnected(neurons):
            linear = nn.Linear(math.prod(shape), neurons)
            if len(shape) == 3:
                return [nn.Flatten(), linear]
            return [nn.ReLU(inplace=True), linear] if choices.hidden_relu else [linear]


def _initialise(sequence: Sequence[nn.Module]) -> None:
    """Normal weights that keep the scale: variance 2 / inputs before ReLU, 1 / inputs elsewhere; biases 0.

    (He, Zhang, Ren, Sun, ICCV 2015.) Batch normalisation between a layer and its ReLU does not part them; recurrent and attention
    layers keep the weights that they were made with.
    """
    for module, follower in zip(sequence, [*sequence, None][1:], strict=True):
        match module:
            case nn.Conv2d() | nn.Linear():
                gain = 2.0 if isinstance(follower, nn.ReLU | modules.BatchNorm) else 1.0
                nn.init.normal_(module.weight, std=math.sqrt(gain / module.weight[0].numel()))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            case modules.Separable():
                _initialise([*module, nn.ReLU()])
            case modules.Residual():
                _initialise([*module.way])
                _initialise([*module.shortcut])
            case modules.Branches():
                for way in module.ways:
                    _initialise([*way])
            case _:
                pass
