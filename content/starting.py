"""Training that starts from a trained encoder: its body, with new heads for other labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from content.layers import Architecture
from content.shapes import NetworkChoices
from content.snippets import seconds_of
from content.spec import HyperImageSpec
from content.training_config import PRETRAINED, TrainingConfig, training_for
from data.errors import InputError

if TYPE_CHECKING:
    from content.encoder import Encoder
    from content.network import Network


def training_from(start: Encoder, settings: Mapping[str, Any] | None = None, **given: Any) -> TrainingConfig:
    """The configuration of a training that starts from `start`; parameters as of `content.training_config.training_for`.

    Raises
    ------
    InputError : an unknown field, a value out of range, or "snippet_seconds", which is the encoder's.
    """
    seconds = seconds_of(start.n_frames, HyperImageSpec.from_dict(dict(start.spec)).frames_per_second)
    if "snippet_seconds" in (settings or {}):
        raise InputError(
            f"snippet_seconds={(settings or {})['snippet_seconds']} cannot be chosen: the pretrained encoder hears snippets of "
            f"{seconds:.1f} s",
            code="start",
            hint="Leave it out, or train with --from scratch",
        )
    return training_for(PRETRAINED, settings, snippet_seconds=seconds, **given)


def check_scratch(config: TrainingConfig) -> None:
    """Raise InputError unless a training of this configuration can start from random weights."""
    if config.body_rate != 1.0:
        raise InputError(
            f"body_rate={config.body_rate} is for a training that starts from a trained encoder; from scratch it is 1",
            code="start",
            hint="Leave it out, or train with --from pretrained",
        )


def check_start(
    start: Encoder | None,
    architecture: Architecture,
    choices: NetworkChoices,
    spec: HyperImageSpec,
    n_frames: int,
    config: TrainingConfig,
) -> None:
    """Raise InputError unless a training of these can start from `start`, or from scratch (None)."""
    if start is None:
        check_scratch(config)
        return
    ours = (architecture.text, choices, spec.as_dict(), n_frames)
    for name, wanted, here in zip(("architecture", "choices", "spec", "frames of a snippet"), _usage(start), ours, strict=True):
        if wanted != here:
            raise InputError(f"training cannot start from encoder {start.fingerprint}: its {name}: {wanted}, here: {here}")


def _usage(encoder: Encoder) -> tuple[object, ...]:
    return encoder.architecture.text, encoder.choices, dict(encoder.spec), encoder.n_frames


def take_body(network: Network, start: Encoder, *, frozen: bool) -> None:
    """Give `network` the body of `start` with its rows' mean and deviation; `frozen`: for good."""
    network.body.load_state_dict(start.module.body.state_dict())
    network.row_mean.copy_(start.module.row_mean)
    network.row_std.copy_(start.module.row_std)
    if frozen:
        network.freeze_body()
