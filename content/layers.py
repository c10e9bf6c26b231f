"""The layers that a network is written with, as records, and `Architecture`, which holds them. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from data.errors import InputError


@dataclass(frozen=True)
class Convolution:
    """`C(stride,receptive_field,depth)`: square kernel over rows and frames, `depth` output channels, then ReLU."""

    stride: int
    receptive_field: int
    depth: int

    def __str__(self) -> str:
        return f"C({self.stride},{self.receptive_field},{self.depth})"


@dataclass(frozen=True)
class TemporalConvolution:
    """`T(stride,receptive_field,depth)`: the kernel spans all rows and moves over the frames only; one row is left. Then ReLU."""

    stride: int
    receptive_field: int
    depth: int

    def __str__(self) -> str:
        return f"T({self.stride},{self.receptive_field},{self.depth})"


@dataclass(frozen=True)
class Separable:
    """`S(stride,receptive_field,depth)`: each channel by a square kernel of its own, then a mixture of channels, then ReLU."""

    stride: int
    receptive_field: int
    depth: int

    def __str__(self) -> str:
        return f"S({self.stride},{self.receptive_field},{self.depth})"


@dataclass(frozen=True)
class Residual:
    """`K(stride,receptive_field,depth)`: two convolutions with batch normalisation beside a shortcut, added, then ReLU."""

    stride: int
    receptive_field: int
    depth: int

    def __str__(self) -> str:
        return f"K({self.stride},{self.receptive_field},{self.depth})"


@dataclass(frozen=True)
class LocalResponse:
    """`L`: local response normalisation over neighbouring channels."""

    def __str__(self) -> str:
        return "L"


@dataclass(frozen=True)
class MaxPool:
    """`P`: max pooling."""

    def __str__(self) -> str:
        return "P"


@dataclass(frozen=True)
class BatchNorm:
    """`B`: batch normalisation of each channel or neuron."""

    def __str__(self) -> str:
        return "B"


@dataclass(frozen=True)
class Relu:
    """`R`: rectified linear units."""

    def __str__(self) -> str:
        return "R"


@dataclass(frozen=True)
class Dropout:
    """`D(percent)`: in training, this share of the values is set to 0 at random and the others are scaled up."""

    percent: int

    def __str__(self) -> str:
        return f"D({self.percent})"


@dataclass(frozen=True)
class Recurrent:
    """`U(units)`: a gated recurrent unit over the frames in both directions; 2 * units channels, one row, all frames."""

    units: int

    def __str__(self) -> str:
        return f"U({self.units})"


@dataclass(frozen=True)
class GlobalPool:
    """`G`: mean, maximum and standard deviation of each channel over all rows and frames."""

    def __str__(self) -> str:
        return "G"


@dataclass(frozen=True)
class Moments:
    """`M`: mean, standard deviation and mean absolute change from frame to frame of each row of each channel."""

    def __str__(self) -> str:
        return "M"


@dataclass(frozen=True)
class Attention:
    """`A(heads)`: for each head a weighted mean over the frames, the weights being learned from what the frame holds."""

    heads: int

    def __str__(self) -> str:
        return f"A({self.heads})"


@dataclass(frozen=True)
class FullyConnected:
    """`F(neurons)`: a linear map of everything before it."""

    neurons: int

    def __str__(self) -> str:
        return f"F({self.neurons})"


@dataclass(frozen=True)
class Branches:
    """`[...|...]`: several ways from the same input; what they end in is laid side by side."""

    ways: tuple[tuple[Layer, ...], ...]

    def __str__(self) -> str:
        return f"[{'|'.join(''.join(map(str, way)) for way in self.ways)}]"


Layer: TypeAlias = (
    Convolution
    | TemporalConvolution
    | Separable
    | Residual
    | LocalResponse
    | MaxPool
    | BatchNorm
    | Relu
    | Dropout
    | Recurrent
    | GlobalPool
    | Moments
    | Attention
    | FullyConnected
    | Branches
)

# Layers that need rows and frames, and layers after which there are none.
SPATIAL = (
    Convolution,
    TemporalConvolution,
    Separable,
    Residual,
    LocalResponse,
    MaxPool,
    Recurrent,
    GlobalPool,
    Moments,
    Attention,
)
FLATTENING = (GlobalPool, Moments, Attention, FullyConnected, Branches)


@dataclass(frozen=True)
class Architecture:
    """The layers between input and output.

    Parameters
    ----------
    layers : at least one, the last of them fully connected; no layer that needs rows and frames after one that leaves none.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers or not isinstance(self.layers[-1], FullyConnected):
            raise InputError(
                f"architecture {self.text}: the layer before O must be F, its neurons are the song embedding", code="architecture"
            )
        _check_order(self.layers, self.text)

    @property
    def text(self) -> str:
        """The notation; `parse(architecture.text) == architecture`."""
        return "I" + "".join(map(str, self.layers)) + "O"

    @property
    def embedding_size(self) -> int:
        """Neurons of the last layer before the output: the length of a song's embedding."""
        last = self.layers[-1]
        assert isinstance(last, FullyConnected)  # held by __post_init__
        return last.neurons

    def __str__(self) -> str:
        return self.text


def _check_order(layers: tuple[Layer, ...], text: str) -> None:
    flat = False
    for layer in layers:
        if flat and (isinstance(layer, (*SPATIAL, Branches))):
            raise InputError(f"architecture {text}: {layer} needs rows and frames, none are left before it", code="architecture")
        if isinstance(layer, Branches):
            for way in layer.ways:
                _check_order(way, text)
        flat = flat or isinstance(layer, FLATTENING)
