"""A network in one line: the paper's notation `IC(5,15,64)LPC(1,5,64)LPF(384)F(192)O`, and its extensions, parsed.

Grammar (Xing et al., section 5, table 1; the letters below the line are ours), read from left to right:

    network  = "I" layer+ "O"                                     the layer before O is F: its neurons are the song embedding
    layer    = "C(" stride "," receptive field "," depth ")"      convolution over rows and frames, square kernel, then ReLU
             | "L"                                                local response normalisation over channels
             | "P"                                                max pooling
             | "F(" neurons ")"                                   fully connected, linear
             ---
             | "T(" stride "," receptive field "," depth ")"      convolution over frames, the kernel spans all rows, then ReLU
             | "S(" stride "," receptive field "," depth ")"      separable convolution, then ReLU
             | "K(" stride "," receptive field "," depth ")"      residual block of two convolutions with batch normalisation
             | "B" | "R" | "D(" percent ")"                       batch normalisation, ReLU, dropout
             | "U(" units ")"                                     recurrent over frames (bidirectional GRU)
             | "A(" heads ")"                                     attention pooling over frames
             | "G"                                                global pooling: mean, maximum, deviation of each channel
             | "M"                                                moments over frames: mean, deviation, mean absolute change
             | "[" layer+ ("|" layer+)+ "]"                       branches from one input, laid side by side at their ends

Blanks between letters and numbers are allowed. What the notation leaves open (padding, pool size, LRN constants,
initial weights) is decided in `content.shapes.NetworkChoices`. No torch here: the command line checks a notation
before anything heavy is imported.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, NoReturn

from content import layers
from content.layers import FLATTENING, SPATIAL, Architecture, Branches, FullyConnected, Layer
from data.errors import InputError

# How each was found, and what else was tried: docs/presets.md. What each is trained with: content.training_config.
PRESETS: dict[str, str] = {
    "paper": "IC(5,15,64)LPC(1,5,64)LPF(384)F(192)O",
    "best": "IMBD(30)F(256)BRD(40)F(192)O",
}

# A further layer is one more record in content.layers, its shape in content.shapes, its module in content.network.
LETTERS: dict[str, type[Any]] = {kind.letter: kind for kind in layers.LETTERS}
MOST = {"percent": 99}
DEEPEST = 20  # branches within branches; many more would exhaust Python's stack


def architecture(name_or_notation: str) -> Architecture:
    """The architecture of a preset's name ("paper", "best") or of a notation.

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
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if depth > DEEPEST:
            _fail(text, place, f"branches may lie within each other {DEEPEST} deep at most")
    found, at = _layers(text, at + 1, closing="O")
    if not found or not isinstance(found[-1], FullyConnected):
        _fail(text, at, "the layer before O must be F, its neurons are the song embedding")
    end = _blanks(text, at + 1)
    if end < len(text):
        _fail(text, end, "nothing may follow O, the output layer")
    return Architecture(found)


def _layers(text: str, at: int, *, closing: str) -> tuple[tuple[Layer, ...], int]:
    """The layers from position `at` up to a character of `closing`, and that character's position."""
    found: list[Layer] = []
    at = _blanks(text, at)
    while not text[at : at + 1] or text[at] not in closing:
        start = at
        layer, at = _branches(text, at) if text[at : at + 1] == "[" else _layer(text, at, closing)
        before = next((other for other in found if isinstance(other, FLATTENING)), None)
        if before is not None and isinstance(layer, (*SPATIAL, Branches)):
            letter = str(before)[0]
            _fail(text, start, f"{text[start]} needs rows and frames and cannot come after {letter}, which leaves none")
        found.append(layer)
    return tuple(found), at


def _branches(text: str, at: int) -> tuple[Branches, int]:
    """The branches that open at position `at`, and the position of what follows them."""
    ways: list[tuple[Layer, ...]] = []
    start = at
    while text[at] != "]":
        begin = at + 1
        way, at = _layers(text, begin, closing="|]")
        if not way:
            _fail(text, at, "a branch needs at least one layer")
        ways.append(way)
    if len(ways) < 2:
        _fail(text, start, "branches are two or more, with | between them")
    return Branches(tuple(ways)), _blanks(text, at + 1)


def _layer(text: str, at: int, closing: str) -> tuple[Layer, int]:
    """The layer at position `at`, and the position of what follows it."""
    letter = text[at : at + 1]
    if not letter:
        _fail(
            text, at, "O, the output layer, is missing at the end" if closing == "O" else "] is missing: a branch is not closed"
        )
    if letter == "I":
        _fail(text, at, "I, the input layer, may stand only at the start")
    if letter == "O":
        _fail(text, at, "] is missing: a branch is not closed")
    if letter not in LETTERS:
        _fail(text, at, f"unknown layer {letter!r}; known are {', '.join(LETTERS)} and [ | ] between I and O")
    at = _blanks(text, at + 1)
    make = LETTERS[letter]
    wanted = tuple(field.name.replace("_", " ") for field in dataclasses.fields(make))
    if not wanted:
        if text[at : at + 1] == "(":
            _fail(text, at, f"{letter} takes no numbers")
        return make(), at
    form = f"{letter}({','.join(wanted)})"
    if text[at : at + 1] != "(":
        _fail(text, at, f"a parenthesis is missing: {form}")
    close = re.compile(r"[^()A-Za-z\[\]|]*").match(text, at + 1)
    end = close.end() if close else at + 1
    if text[end : end + 1] != ")":
        _fail(text, end, f"a closing parenthesis is missing: {form}")
    inside = text[at + 1 : end]
    fields = inside.split(",") if inside.strip() else []
    if len(fields) != len(wanted):
        _fail(text, at, f"{form} takes {len(wanted)} number{'s' if len(wanted) > 1 else ''}, got {len(fields)}")
    return make(*_positive(text, at + 1, fields, wanted)), _blanks(text, end + 1)


def _positive(text: str, at: int, fields: list[str], names: tuple[str, ...]) -> list[int]:
    """The numbers between the parentheses, the first of which starts at `at`."""
    numbers = []
    for field, name in zip(fields, names, strict=True):
        value = field.strip()
        if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) == 0:
            _fail(text, _blanks(text, at), f"{name} must be a positive integer, got {value!r}")
        if int(value) > MOST.get(name, 999_999):
            _fail(text, _blanks(text, at), f"{name} must be at most {MOST[name]}, got {value}")
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
