"""What the presets, or a notation, come to: shapes, parameters, multiply-adds, and how they are trained."""

from __future__ import annotations

import dataclasses
from typing import Any

from content.notation import PRESETS, architecture
from content.shapes import layer_shapes
from content.snippets import snippet_frames
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig, training_for


def architectures(name_or_notation: str | None = None) -> list[dict[str, Any]]:
    """Every preset, or the one architecture that is asked for.

    Returns
    -------
    For each "name" ("" for a notation), "architecture" (its notation), "embedding_size", "snippet_seconds", "parameters" and
    "multiply_adds" (of one snippet's forward pass; both from the input to the embedding, for the output layer depends on the
    classes), "training" (what differs from the defaults) and "layers": [{"layer", "shape", "parameters", "multiply_adds"}].

    Raises
    ------
    InputError : neither a preset nor a notation.
    """
    return [_row(name) for name in ([name_or_notation] if name_or_notation is not None else PRESETS)]


def _row(name: str) -> dict[str, Any]:
    wanted, config, spec = architecture(name), training_for(name), HyperImageSpec()
    frames = snippet_frames(config.snippet_seconds, spec.frames_per_second)
    lines = layer_shapes(wanted, spec.n_rows, frames, 1)[:-1]
    default = dataclasses.asdict(TrainingConfig())
    return {
        "name": name.strip() if name.strip() in PRESETS else "",
        "architecture": wanted.text,
        "embedding_size": wanted.embedding_size,
        "snippet_seconds": config.snippet_seconds,
        "parameters": sum(line.parameters for line in lines),
        "multiply_adds": sum(line.multiply_adds for line in lines),
        "training": {key: value for key, value in dataclasses.asdict(config).items() if value != default[key]},
        "layers": [dataclasses.asdict(line) for line in lines],
    }
