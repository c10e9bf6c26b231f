"""From a notation to a torch module: hyper-image snippets in, class scores and the embedding out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from content.lrn import LocalResponseNorm
from content.notation import Architecture, Convolution, FullyConnected, LocalResponse, MaxPool
from data.errors import InputError

MOST_PARAMETERS = 300_000_000  # 1.2 GB of weights, and three times that in training


@dataclass(frozen=True)
class NetworkChoices:
    """What the paper and its notation leave open, decided in this one place.

    The sizes in the paper (two convolutions of depth 64, 384 and 192 neurons) are those of TensorFlow's old CIFAR-10 tutorial, so
    its padding, pooling and LRN constants are taken where the paper is silent.

    Parameters
    ----------
    padding : "same": zeros around the image so that a layer of stride s makes ceil(n / s) of n rows or frames (an uneven
        number of zeros puts the extra one at the end, as in TensorFlow); "valid": none.
    pool_size, pool_stride : rows and frames of a max pooling window, and its step. Padding never wins the maximum.
    lrn_size : n, channels in the sum of local response normalisation, odd.
    lrn_alpha, lrn_beta, lrn_k : y = x / (k + alpha * sum of x ** 2) ** beta. This alpha is not divided by n.
    hidden_relu : whether a fully connected layer that feeds another one is followed by ReLU. The paper says "a linear mapping is
        used to generate the last two fully connected layers", hence not. The embedding itself is linear in any case.
    """

    padding: str = "same"
    pool_size: int = 3
    pool_stride: int = 2
    lrn_size: int = 9
    lrn_alpha: float = 0.001 / 9
    lrn_beta: float = 0.75
    lrn_k: float = 1.0
    hidden_relu: bool = False

    def __post_init__(self) -> None:
        if self.padding not in ("same", "valid"):
            raise InputError(f"padding={self.padding!r} must be 'same' or 'valid'")
        for name in ("pool_size", "pool_stride", "lrn_size", "lrn_k"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}={getattr(self, name)} must be positive")
        if self.lrn_size % 2 == 0:
            raise InputError(f"lrn_size={self.lrn_size} must be odd")
        if self.lrn_alpha < 0:
            raise InputError(f"lrn_alpha={self.lrn_alpha} must not be negative")


@dataclass(frozen=True)
class LayerShape:
    """One line of `layer_shapes`.

    Parameters
    ----------
    layer : its notation, e.g. "C(5,15,64)".
    shape : of one sample's output: (channels, rows, frames) or (neurons,).
    parameters : learned numbers.
    multiply_adds : of one sample's forward pass; 0 for layers without weights.
    """

    layer: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


def layer_shapes(
    architecture: Architecture, n_rows: int, n_frames: int, n_classes: int, choices: NetworkChoices | None = None
) -> list[LayerShape]:
    """Shapes, parameters and cost layer by layer, from the input to the output; nothing is allocated.

    Raises
    ------
    InputError : the image gets smaller than a layer needs, or there are more parameters than anybody can mean.
    """
    choices = choices or NetworkChoices()
    shape: tuple[int, ...] = (1, n_rows, n_frames)
    lines = [LayerShape("I", shape, 0, 0)]
    for layer in (*architecture.layers, FullyConnected(n_classes)):
        parameters = multiply_adds = 0
        match layer:
            case Convolution(stride, field, depth):
                taps = shape[0] * field * field * depth
                shape = (depth, *_sizes(str(layer), shape, field, stride, choices.padding))
                parameters, multiply_adds = taps + depth, taps * shape[1] * shape[2]
            case MaxPool():
                shape = (shape[0], *_sizes(str(layer), shape, choices.pool_size, choices.pool_stride, choices.padding))
            case FullyConnected(neurons):
                multiply_adds = math.prod(shape) * neurons
                shape, parameters = (neurons,), multiply_adds + neurons
            case LocalResponse():
                pass
        lines.append(LayerShape(str(layer), shape, parameters, multiply_adds))
    parameters = sum(line.parameters for line in lines)
    if parameters > MOST_PARAMETERS:
        raise InputError(
            f"architecture {architecture.text} has {parameters:,} parameters; at most {MOST_PARAMETERS:,} are built",
            code="architecture",
        )
    lines[-1] = LayerShape("O", lines[-1].shape, lines[-1].parameters, lines[-1].multiply_adds)
    return lines


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


class Network(nn.Module):
    """The network of the notation.

    The buffers `row_mean` and `row_std`, float32 (n_rows,), bring each row of the hyper-image to mean 0 and deviation 1 over the
    training songs; `content.training` fills them.
    """

    row_mean: Tensor
    row_std: Tensor

    def __init__(self, architecture: Architecture, n_rows: int, n_frames: int, n_classes: int, choices: NetworkChoices) -> None:
        super().__init__()
        self.register_buffer("row_mean", torch.zeros(n_rows))
        self.register_buffer("row_std", torch.ones(n_rows))
        before = layer_shapes(architecture, n_rows, n_frames, n_classes, choices)
        body: list[nn.Module] = []
        for line, layer in zip(before, architecture.layers, strict=False):
            match layer:
                case Convolution():
                    body += [_Convolution(line.shape[0], layer, choices.padding), nn.ReLU(inplace=True)]
                case LocalResponse():
                    size, alpha, beta, k = choices.lrn_size, choices.lrn_alpha, choices.lrn_beta, choices.lrn_k
                    body.append(LocalResponseNorm(line.shape[0], size=size, alpha=alpha, beta=beta, k=k))
                case MaxPool():
                    body.append(_MaxPool(choices.pool_size, choices.pool_stride, choices.padding))
                case FullyConnected(neurons):
                    if len(line.shape) == 3:
                        body.append(nn.Flatten())
                    elif choices.hidden_relu:
                        body.append(nn.ReLU(inplace=True))
                    body.append(nn.Linear(math.prod(line.shape), neurons))
        self.body = nn.Sequential(*body)
        self.output = nn.Linear(architecture.embedding_size, n_classes)
        _initialise(self)

    def embed(self, x: Tensor) -> Tensor:
        """Snippets (batch, 1, n_rows, n_frames) in [0, 1] -> embeddings (batch, embedding_size)."""
        x = (x - self.row_mean[:, None]) / self.row_std[:, None]  # (batch, 1, rows, frames)
        embedding: Tensor = self.body(x)  # (batch, embedding_size)
        return embedding

    def forward(self, x: Tensor) -> Tensor:
        """Snippets (batch, 1, n_rows, n_frames) in [0, 1] -> scores before softmax (batch, n_classes)."""
        scores: Tensor = self.output(self.embed(x))  # (batch, classes)
        return scores


class _Convolution(nn.Conv2d):
    """A convolution with the zeros of the chosen padding."""

    def __init__(self, channels: int, layer: Convolution, padding: str) -> None:
        super().__init__(channels, layer.depth, layer.receptive_field, layer.stride)
        self.same = padding == "same"

    def forward(self, x: Tensor) -> Tensor:
        if self.same:
            x = functional.pad(x, _edges(x, self.kernel_size[0], self.stride[0]))
        return super().forward(x)  # (batch, depth, ceil(rows / stride), ceil(frames / stride))


class _MaxPool(nn.Module):
    """The greatest value of each window."""

    def __init__(self, size: int, stride: int, padding: str) -> None:
        super().__init__()
        self.size, self.stride, self.same = size, stride, padding == "same"

    def forward(self, x: Tensor) -> Tensor:
        if self.same:
            x = functional.pad(x, _edges(x, self.size, self.stride), value=-math.inf)
        return functional.max_pool2d(x, self.size, self.stride)  # (batch, channels, ceil(rows / stride), ceil(frames / stride))


def _edges(x: Tensor, size: int, stride: int) -> list[int]:
    """TensorFlow's SAME padding as `functional.pad` wants it: [frames before, after, rows before, after]."""
    edges = []
    for n in (x.shape[-1], x.shape[-2]):
        total = max(0, (math.ceil(n / stride) - 1) * stride + size - n)
        edges += [total // 2, total - total // 2]
    return edges


def _sizes(layer: str, shape: tuple[int, ...], size: int, stride: int, padding: str) -> list[int]:
    """Rows and frames after a window of `size` that moves by `stride`."""
    if padding == "same":
        return [math.ceil(n / stride) for n in shape[1:]]
    if min(shape[1:]) < size:
        raise InputError(
            f"architecture: {layer} looks at {size} x {size} but only {shape[1]} rows x {shape[2]} frames are left before it",
            code="architecture",
            hint="Use longer snippets, fewer or smaller layers, or padding 'same'",
        )
    return [(n - size) // stride + 1 for n in shape[1:]]


def _initialise(network: Network) -> None:
    """Normal weights that keep the scale: variance 2 / inputs before ReLU, 1 / inputs elsewhere; biases 0.

    (He, Zhang, Ren, Sun, ICCV 2015.)
    """
    modules = [*network.body, network.output]
    for module, follower in zip(modules, [*modules[1:], None], strict=True):
        if isinstance(module, nn.Conv2d | nn.Linear):
            gain = 2.0 if isinstance(follower, nn.ReLU) else 1.0
            nn.init.normal_(module.weight, std=math.sqrt(gain / module.weight[0].numel()))
            assert module.bias is not None  # always built with one
            nn.init.zeros_(module.bias)
