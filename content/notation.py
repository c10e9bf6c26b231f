"""The paper's notation for a network, parsed: `IC(5,15,64)LPC(1,5,64)LPF(384)F(192)O`.

Grammar (Xing et al., section 5, table 1), read from left to right:

    network  = "I" layer+ "O"
    layer    = "C(" stride "," receptive field "," depth ")"      convolution, square kernel, then ReLU
             | "L"                                                local response normalisation over channels
             | "P"                                                max pooling
             | "F(" neurons ")"                                   fully connected, linear

Blanks between letters and numbers are allowed. What the notation leaves open (padding, pool size, LRN constants,
initial weights) is decided in `content.network.NetworkChoices`. No torch here: the command line checks a notation
before anything heavy is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from data.errors import InputError

PRESETS: dict[str, str] = {"paper": "IC(5,15,64)LPC(1,5,64)LPF(384)F(192)O"}


@dataclass(frozen=True)
class Convolution:
    """`C(stride,receptive_field,depth)`: square kernel, `depth` output channels, then ReLU."""

    stride: int
    receptive_field: int
    depth: int

    def __str__(self) -> str:
        return f"C({self.stride},{self.receptive_field},{self.depth})"


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
class FullyConnected:
    """`F(neurons)`: a linear map of everything before it."""

    neurons: int

    def __str__(self) -> str:
        return f"F({self.neurons})"


Layer: TypeAlias = Convolution | LocalResponse | MaxPool | FullyConnected

# A further layer is one more record above, one more line here, and its module in content.network.
LETTERS: dict[str, Callable[..., Layer]] = {"C": Convolution, "L": LocalResponse, "P": MaxPool, "F": FullyConnected}
PARAMETERS: dict[str, tuple[str, ...]] = {
    "C": ("stride", "receptive field", "depth"),
    "L": (),
    "P": (),
    "F": ("neurons",),
}
# Layers that need rows and frames; a fully connected layer has flattened them away.
SPATIAL = (Convolution, LocalResponse, MaxPool)


@dataclass(frozen=True)
class Architecture:
    """The layers between input and output.

    Parameters
    ----------
    layers : at least one, the last of them fully connected; no spatial layer after a fully connected one.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers or not isinstance(self.layers[-1], FullyConnected):
            raise InputError(
                f"architecture {self.text}: the layer before O must be F, its neurons are the song embedding", code="architecture"
            )

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


def architecture(name_or_notation: str) -> Architecture:
    """The architecture of a preset's name ("paper") or of a notation.

    Raises
    ------
    InputError : neither a preset nor a valid notation.
    """
    name = name_or_notation.strip()
    if name in PRESETS:
        return parse(PRESETS[name])
    if not name.startswith("I"):
        raise InputError(
            f"architecture {name_or_notation!r} is neither a preset ({', '.join(PRESETS)}) nor a notation, which starts with I",
            code="architecture",
            hint=f"A notation looks like {PRESETS['paper']}",
        )
    return parse(name)


def parse(text: str) -> Architecture:
    """Read a notation.

    Raises
    ------
    InputError : with the position (counted from 1) of the first character that breaks the grammar, and a caret under it.
    """
    at = _blanks(text, 0)
    if text[at : at + 1] != "I":
        _fail(text, at, "a network starts with I, the input layer")
    at = _blanks(text, at + 1)
    layers: list[Layer] = []
    while text[at : at + 1] != "O":
        start = at
        layer, at = _layer(text, at)
        if isinstance(layer, SPATIAL) and any(isinstance(before, FullyConnected) for before in layers):
            _fail(text, start, f"{text[start]} needs rows and frames and cannot come after F, which has none")
        layers.append(layer)
    if not layers or not isinstance(layers[-1], FullyConnected):
        _fail(text, at, "the layer before O must be F, its neurons are the song embedding")
    end = _blanks(text, at + 1)
    if end < len(text):
        _fail(text, end, "nothing may follow O, the output layer")
    return Architecture(tuple(layers))


def _layer(text: str, at: int) -> tuple[Layer, int]:
    """The layer at position `at`, and the position of what follows it."""
    letter = text[at : at + 1]
    if not letter:
        _fail(text, at, "O, the output layer, is missing at the end")
    if letter == "I":
        _fail(text, at, "I, the input layer, may stand only at the start")
    if letter not in LETTERS:
        _fail(text, at, f"unknown layer {letter!r}; known are {', '.join(LETTERS)} between I and O")
    at = _blanks(text, at + 1)
    wanted = PARAMETERS[letter]
    if not wanted:
        if text[at : at + 1] == "(":
            _fail(text, at, f"{letter} takes no numbers")
        return LETTERS[letter](), at
    form = f"{letter}({','.join(wanted)})"
    if text[at : at + 1] != "(":
        _fail(text, at, f"a parenthesis is missing: {form}")
    close = re.compile(r"[^()A-Za-z]*").match(text, at + 1)
    end = close.end() if close else at + 1
    if text[end : end + 1] != ")":
        _fail(text, end, f"a closing parenthesis is missing: {form}")
    inside = text[at + 1 : end]
    fields = inside.split(",") if inside.strip() else []
    if len(fields) != len(wanted):
        _fail(text, at, f"{form} takes {len(wanted)} number{'s' if len(wanted) > 1 else ''}, got {len(fields)}")
    return LETTERS[letter](*_positive(text, at + 1, fields, wanted)), _blanks(text, end + 1)


def _positive(text: str, at: int, fields: list[str], names: tuple[str, ...]) -> list[int]:
    """The numbers between the parentheses, the first of which starts at `at`."""
    numbers = []
    for field, name in zip(fields, names, strict=True):
        value = field.strip()
        if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) == 0:
            _fail(text, _blanks(text, at), f"{name} must be a positive integer, got {value!r}")
        numbers.append(int(value))
        at += len(field) + 1
    return numbers


def _blanks(text: str, at: int) -> int:
    """The position of the first character at or after `at` that is no blank."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _fail(text: str, at: int, rule: str) -> NoReturn:
    # Tabs and line breaks would push the caret away from its character.
    line = re.sub(r"\s", " ", text)
    raise InputError(f"architecture {line.strip()!r}, position {at + 1}: {rule}\n  {line}\n  {' ' * at}^", code="architecture")
