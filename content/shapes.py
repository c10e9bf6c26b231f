"""What a network comes to before it is built: the choices that the notation leaves open, shapes, parameters, multiply-adds.

No torch here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from content.layers import (
    Architecture,
    Attention,
    BatchNorm,
    Branches,
    Convolution,
    FullyConnected,
    GlobalPool,
    Layer,
    MaxPool,
    Moments,
    Recurrent,
    Residual,
    Separable,
    TemporalConvolution,
)
from data.errors import InputError

MOST_PARAMETERS = 300_000_000  # 1.2 GB of weights, and three times that in training
POOLED = 3  # numbers that G makes of a channel, and M of a row: see content.modules

Shape = tuple[int, ...]  # (channels, rows, frames) or (neurons,)


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
    layer : its notation, e.g. "C(5,15,64)"; inside branches with "| " before it, and "]" where they are joined.
    shape : of one sample's output: (channels, rows, frames) or (neurons,).
    parameters : learned numbers.
    multiply_adds : of one sample's forward pass; 0 for layers without weights.
    """

    layer: str
    shape: Shape
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
    lines = [LayerShape("I", (1, n_rows, n_frames), 0, 0)]
    lines += sequence_shapes((*architecture.layers, FullyConnected(n_classes)), lines[0].shape, choices)
    parameters = sum(line.parameters for line in lines)
    if parameters > MOST_PARAMETERS:
        raise InputError(
            f"architecture {architecture.text} has {parameters:,} parameters; at most {MOST_PARAMETERS:,} are built",
            code="architecture",
        )
    lines[-1] = LayerShape("O", lines[-1].shape, lines[-1].parameters, lines[-1].multiply_adds)
    return lines


def sequence_shapes(layers: Sequence[Layer], shape: Shape, choices: NetworkChoices) -> list[LayerShape]:
    """The lines of layers that follow each other, the first of which gets `shape`."""
    lines: list[LayerShape] = []
    for layer in layers:
        if isinstance(layer, Branches):
            inside = [sequence_shapes(way, shape, choices) for way in layer.ways]
            lines += [
                LayerShape(f"| {line.layer}", line.shape, line.parameters, line.multiply_adds) for way in inside for line in way
            ]
            lines.append(LayerShape("]", (sum(math.prod(way[-1].shape) for way in inside),), 0, 0))
        else:
            lines.append(layer_shape(layer, shape, choices))
        shape = lines[-1].shape
    return lines


def layer_shape(layer: Layer, shape: Shape, choices: NetworkChoices) -> LayerShape:
    """One layer, no branches, that gets `shape`."""
    made, parameters, multiply_adds = shape, 0, 0
    match layer:
        case Convolution(stride, field, depth):
            made = (depth, *_window(layer, shape, (field, field), (stride, stride), choices))
            parameters, multiply_adds = _kernel(shape[0] * field * field, made)
        case TemporalConvolution(stride, field, depth):
            made = (depth, 1, _window(layer, (1, 1, shape[2]), (1, field), (1, stride), choices)[1])
            parameters, multiply_adds = _kernel(shape[0] * shape[1] * field, made)
        case Separable(stride, field, depth):
            height, down = flat_kernel(shape, field, stride)
            middle = (shape[0], *_window(layer, shape, (height, field), (down, stride), choices))
            made = (depth, *middle[1:])
            parts = _kernel(height * field, middle), _kernel(shape[0], made)
            parameters, multiply_adds = parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
        case Residual(stride, field, depth):
            height, down = flat_kernel(shape, field, stride)
            made = (depth, math.ceil(shape[1] / down), math.ceil(shape[2] / stride))  # always padded: the shortcut must fit
            taps = [shape[0] * height * field, depth * height * field, *([shape[0]] if shape != made else [])]
            size = math.prod(made)
            # Convolutions without bias, each with the gain and offset of its batch normalisation.
            parameters, multiply_adds = sum(n * depth + 2 * depth for n in taps), sum(n * size for n in taps)
        case MaxPool():
            size, step = choices.pool_size, choices.pool_stride
            made = (shape[0], *_window(layer, shape, (size, size), (step, step), choices))
        case BatchNorm():
            parameters = 2 * shape[0]
        case Recurrent(units):
            made = (2 * units, 1, shape[2])
            inputs = shape[0] * shape[1]
            parameters = 2 * 3 * units * (inputs + units + 2)
            multiply_adds = 2 * 3 * units * (inputs + units) * shape[2]
        case GlobalPool():
            made = (POOLED * shape[0],)
        case Moments():
            made = (POOLED * shape[0] * shape[1],)
        case Attention(heads):
            inputs = shape[0] * shape[1]
            made = (heads * inputs,)
            parameters, multiply_adds = heads * (inputs + 1), 2 * heads * inputs * shape[2]
        case FullyConnected(neurons):
            multiply_adds = math.prod(shape) * neurons
            made, parameters = (neurons,), multiply_adds + neurons
        case _:  # L, R, D keep shape and have no weights
            pass
    return LayerShape(str(layer), made, parameters, multiply_adds)


def flat_kernel(shape: Shape, field: int, stride: int) -> tuple[int, int]:
    """Height and vertical stride of the square kernels of S and K: 1 where there is one row only."""
    return (1, 1) if shape[1] == 1 else (field, stride)


def _kernel(taps: int, made: Shape) -> tuple[int, int]:
    """Parameters and multiply-adds of a convolution with a bias whose every output value is a sum over `taps` inputs."""
    return (taps + 1) * made[0], taps * math.prod(made)


def _window(
    layer: Layer, shape: Shape, size: tuple[int, int], stride: tuple[int, int], choices: NetworkChoices
) -> tuple[int, int]:
    """Rows and frames after a window of `size` that moves by `stride`."""
    if choices.padding == "same":
        return math.ceil(shape[1] / stride[0]), math.ceil(shape[2] / stride[1])
    if shape[1] < size[0] or shape[2] < size[1]:
        raise InputError(
            f"architecture: {layer} looks at {size[0]} x {size[1]} but only {shape[1]} rows x {shape[2]} frames are left "
            "before it",
            code="architecture",
            hint="Use longer snippets, fewer or smaller layers, or padding 'same'",
        )
    return (shape[1] - size[0]) // stride[0] + 1, (shape[2] - size[1]) // stride[1] + 1
