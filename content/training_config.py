"""How a network is trained: every choice in one record. No torch: the command line reads its defaults."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from data.errors import InputError

PRETRAINED = "pretrained"  # names the training that starts from the shipped encoder (see `content.starting`)

# What a preset of `content.notation` is trained with where nothing else is asked for. The paper's are the defaults.
PRESET_TRAINING: dict[str, dict[str, Any]] = {
    "paper": {},
    PRETRAINED: {  # measured in docs/encoder.md: a frozen body is as good, and the embedding stays that of the shipped encoder
        "optimizer": "adamw",
        "learning_rate": 0.002,
        "weight_decay": 0.02,
        "schedule": "one-cycle",
        "warmup": 0.2,
        "epochs": 10,
        "batch_size": 32,
        "snippets_per_song": 2,
        "body_rate": 0.0,
    },
    "best": {
        "optimizer": "adamw",
        "learning_rate": 0.002,
        "weight_decay": 0.02,
        "schedule": "one-cycle",
        "warmup": 0.2,
        "epochs": 30,
        "batch_size": 32,
        "snippets_per_song": 1,
        "snippet_seconds": 30.0,
    },
}

WORDS: dict[str, tuple[str, ...]] = {
    "optimizer": ("sgd", "adamw"),
    "schedule": ("constant", "cosine", "one-cycle"),
    "positions": ("random", "cover"),
    "class_weights": ("none", "balanced"),
    "device": ("auto", "cpu", "cuda"),
}
_WHOLE_FROM_1 = ("epochs", "snippets_per_song", "batch_size", "least_songs", "time_mask_frames", "frequency_mask_rows")
_WHOLE_FROM_0 = ("time_masks", "frequency_masks", "patience", "seed")
_POSITIVE = ("snippet_seconds", "learning_rate")
_NOT_NEGATIVE = ("body_rate", "weight_decay", "gradient_clip", "mixup", "also_weight", "also_multi_weight")
_BELOW_1 = ("momentum", "warmup", "label_smoothing", "weight_average", "validation_share")
# Far beyond use: what is greater is a slip of the keyboard, and would end in an overflow or in no memory.
_MOST = {"epochs": 10**6, "snippets_per_song": 10**4, "snippet_seconds": 600, "seed": 2**63 - 1, "threads": 1024}


@dataclass(frozen=True)
class TrainingConfig:
    """How to train. The defaults are the paper's training; what it does not have is off.

    Parameters
    ----------
    epochs : passes over the training songs.
    snippet_seconds : length of a snippet, s; 5 in the paper.
    snippets_per_song : snippets of each song in an epoch.
    positions : "random": anywhere, anew each epoch; "cover": the same places in each epoch, evenly spread over the song.
    batch_size : snippets a step, over all processes.
    optimizer : "sgd" with momentum, or "adamw" (Loshchilov, Hutter, ICLR 2019; betas .9 and .999).
    learning_rate : the greatest; `schedule` says how it moves.
    body_rate : learning rate of the network below its output, relative to `learning_rate`, where training starts from another
        encoder; 0 = that part, with its normalisation, stays what it was, and embeddings with it. From scratch it is 1.
    momentum : of "sgd".
    weight_decay : "sgd": added to the gradient of all parameters; "adamw": decoupled, of weights but not of biases and norms.
    schedule : "constant"; "cosine": falls to 0 along half a cosine, step by step; "one-cycle": rises linearly from 1/25 of it
        during the first `warmup` of all steps, then falls to 0 along half a cosine.
    warmup : share of all steps, in [0, 1); of "one-cycle".
    gradient_clip : greatest length of the gradient of all parameters together; 0 = off.
    class_weights : "balanced": in a label of one value a song, a class weighs songs / (classes * songs of the class); "none".
    label_smoothing : share of a single-valued target that is spread evenly over all classes, in [0, 1).
    mixup : alpha of Beta(alpha, alpha), the share at which two snippets are mixed (Zhang et al., ICLR 2018); 0 = off.
    time_masks, time_mask_frames : how many stretches of each snippet are masked, and how wide they are at most (SpecAugment: Park
        et al., Interspeech 2019). What is masked holds its row's mean.
    frequency_masks, frequency_mask_rows : likewise for neighbouring rows.
    weight_average : decay of the exponential moving average of the weights, in [0, 1); the average is what is kept. 0 = off. It
        starts with a shorter memory: step n has decay min(weight_average, (1 + n) / (10 + n)).
    validation_share : share of the artists that is held out of training to choose the best epoch, in [0, 1); 0 = off. A song
        without artist is its own.
    patience : epochs without a better validation loss after which training stops; 0 = never before the last epoch.
    also_weight, also_multi_weight : weight in the loss of each further label of one value a song, and of several; the primary's
        is 1.
    least_songs : a value of a label of several values a song is learned if as many songs carry it.
    seed : decides everything random: initial weights, snippets, augmentation, validation artists.
    device : "auto", "cpu" or "cuda".
    mixed_precision : forward and backward in bfloat16 where torch deems it safe; weights stay float32. Much faster on GPUs and on
        CPUs with AVX512-BF16 or AMX, ten times slower on others.
    threads : CPU threads for torch, or None to leave them as they are.

    Same seed, same bytes: on the CPU with the same number of threads.
    """

    epochs: int = 10
    snippet_seconds: float = 5.0
    snippets_per_song: int = 2
    positions: str = "random"
    batch_size: int = 16
    optimizer: str = "sgd"
    learning_rate: float = 0.002
    body_rate: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str = "cosine"
    warmup: float = 0.3
    gradient_clip: float = 0.0
    class_weights: str = "none"
    label_smoothing: float = 0.0
    mixup: float = 0.0
    time_masks: int = 0
    time_mask_frames: int = 30
    frequency_masks: int = 0
    frequency_mask_rows: int = 24
    weight_average: float = 0.0
    validation_share: float = 0.0
    patience: int = 0
    also_weight: float = 1.0
    also_multi_weight: float = 0.1
    least_songs: int = 5
    seed: int = 0
    device: str = "auto"
    mixed_precision: bool = False
    threads: int | None = None

    def __post_init__(self) -> None:
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                raise InputError(f"{name}={getattr(self, name)!r} must be {_either(words)}")
        for names, least in ((_WHOLE_FROM_1, 1), (_WHOLE_FROM_0, 0)):
            for name in names:
                value = getattr(self, name)
                if not isinstance(value, int) or value < least:
                    raise InputError(f"{name}={value} must be a whole number and at least {least}")
        for name in _POSITIVE:
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name}={getattr(self, name)} must be positive and finite")
        for name in _NOT_NEGATIVE:
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name}={getattr(self, name)} must not be negative, and finite")
        for name in _BELOW_1:
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)} must be at least 0 and below 1")
        if self.patience and not self.validation_share:
            raise InputError(
                f"patience={self.patience} needs songs to validate on", hint="Set validation_share too, for instance to 0.15"
            )
        if self.threads is not None and self.threads < 1:
            raise InputError(f"threads={self.threads} must be at least 1")
        for name, most in _MOST.items():
            if (getattr(self, name) or 0) > most:
                raise InputError(f"{name}={getattr(self, name)} must be at most {most}")

    def run(self) -> dict[str, Any]:
        """What decides the result, as JSON-able values: threads and device change how fast a run goes, not which run it is.

        A body that learns like the rest is not named: a training from scratch has the name from before there was another start.
        """
        usual = ("threads", "device", *(("body_rate",) if self.body_rate == 1.0 else ()))
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in usual}


FIELDS: dict[str, str] = {field.name: str(field.type) for field in dataclasses.fields(TrainingConfig)}  # name -> type as written


def training_for(architecture_name: str, settings: Mapping[str, Any] | None = None, **given: Any) -> TrainingConfig:
    """The configuration for a preset or a notation: what is given (not None), else the preset's own, else the defaults.

    Parameters
    ----------
    architecture_name : as the user wrote it; a notation has no training of its own.
    settings : fields by name, e.g. from `parse_settings`; they go before `given`.

    Raises
    ------
    InputError : an unknown field, or a value out of range.
    """
    values = dict(PRESET_TRAINING.get(architecture_name.strip(), {}))
    values |= {name: value for name, value in given.items() if value is not None}
    values |= settings or {}
    for name in values:
        _known(name)
    return TrainingConfig(**values)


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Fields of `TrainingConfig` from lines like "optimizer=adamw"; of one name given twice the last holds.

    Raises
    ------
    InputError : no "=", an unknown field (names all there are), or a value of another type.
    """
    settings = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError(f"setting {text!r} must have the form KEY=VALUE, for instance optimizer=adamw")
        settings[name] = _parse(name, value)
    return settings


def _parse(name: str, text: str) -> Any:
    """The value of a field; its range is for `TrainingConfig` to judge."""
    kind = _known(name)
    try:
        match kind:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "int | None":
                return None if text.lower() == "none" else int(text)
    except (ValueError, KeyError):
        wanted = {"int": "a whole number", "float": "a number", "bool": "true or false"}.get(kind, "a whole number or none")
        raise InputError(f"setting {name}={text} must be {wanted}") from None
    return text


def _known(name: str) -> str:
    """The type of a field as it is written. Raises InputError if there is no such field."""
    if name not in FIELDS:
        raise InputError(f"there is no training setting {name!r}; there are {', '.join(sorted(FIELDS))}", code="unknown-setting")
    return FIELDS[name]


def _either(words: tuple[str, ...]) -> str:
    return ", ".join(map(repr, words[:-1])) + f" or {words[-1]!r}"


def learning_rate(config: TrainingConfig, share: float) -> float:
    """The learning rate of a step when `share`, 0 to 1, of all steps is done."""
    if config.schedule == "constant":
        return config.learning_rate
    if config.schedule == "one-cycle":
        if share < config.warmup:
            return config.learning_rate * (1.0 + 24.0 * share / config.warmup) / 25.0
        share = (share - config.warmup) / (1.0 - config.warmup)
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * share))
