"""The layers that a network is written with, as records, and `Architecture`, which holds them. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from data.errors import InputError


class _Written:
    """What all records of one letter share: `str` is the layer's notation, its letter and its numbers."""

    letter: ClassVar[str]

    def __str__(self) -> str:
        numbers = [str(value) for value in vars(self).values()]
        return f"{self.letter}({','.join(numbers)})" if numbers else self.letter


@dataclass(frozen=True)
class Convolution(_Written):
    """`C(stride,receptive_field,depth)`: square kernel over rows and frames, `depth` output channels, then ReLU."""

    letter = "C"
    stride: int
    receptive_field: int
    depth: int


@dataclass(frozen=True)
class TemporalConvolution(_Written):
    """`T(stride,receptive_field,depth)`: the kernel spans all rows and moves over the frames only; one row is left. Then ReLU."""

    letter = "T"
    stride: int
    receptive_field: int
    depth: int


@dataclass(frozen=True)
class Separable(_Written):
    """`S(stride,receptive_field,depth)`: each channel by a square kernel of its own, then a mixture of channels, then ReLU."""

    letter = "S"
    stride: int
    receptive_field: int
    depth: int


@dataclass(frozen=True)
class Residual(_Written):
    """`K(stride,receptive_field,depth)`: two convolutions with batch normalisation beside a shortcut, added, then ReLU."""

    letter = "K"
    stride: int
    receptive_field: int
    depth: int


@dataclass(frozen=True)
class LocalResponse(_Written):
    """`L`: local response normalisation over neighbouring channels."""

    letter = "L"


@dataclass(frozen=True)
class MaxPool(_Written):
    """`P`: max pooling."""

    letter = "P"


@dataclass(frozen=True)
class BatchNorm(_Written):
    """`B`: batch normalisation of each channel or neuron."""

    letter = "B"


@dataclass(frozen=True)
class Relu(_Written):
    """`R`: rectified linear units."""

    letter = "R"


@dataclass(frozen=True)
class Dropout(_Written):
    """`D(percent)`: in training, this share of the values is set to 0 at random and the others are scaled up."""

    letter = "D"
    percent: int


@dataclass(frozen=True)
class Recurrent(_Written):
    """`U(units)`: a gated recurrent unit over the frames in both directions; 2 * units channels, one row, all frames."""

    letter = "U"
    units: int


@dataclass(frozen=True)
class GlobalPool(_Written):
    """`G`: mean, maximum and standard deviation of each channel over all rows and frames."""

    letter = "G"


@dataclass(frozen=True)
class Moments(_Written):
    """`M`: mean, standard deviation and mean absolute change from frame to frame of each row of each channel."""

    letter = "M"


@dataclass(frozen=True)
class Attention(_Written):
    """`A(heads)`: for each head a weighted mean over the frames, the weights being learned from what the frame holds."""

    letter = "A"
    heads: int


@dataclass(frozen=True)
class FullyConnected(_Written):
    """`F(neurons)`: a linear map of everything before it."""

    letter = "F"
    neurons: int


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

# The records that are written as a letter and numbers.
LETTERS = (
    Convolution,
    TemporalConvolution,
    Separable,
    Residual,
    LocalResponse,
    MaxPool,
    BatchNorm,
    Relu,
    Dropout,
    Recurrent,
    GlobalPool,
    Moments,
    Attention,
    FullyConnected,
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
