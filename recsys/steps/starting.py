"""Where a training starts, from the shipped encoder or from scratch, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from content.layers import Architecture
from content.notation import architecture as parse_architecture
from content.spec import HyperImageSpec
from content.starting import check_scratch, training_from
from content.training_config import TrainingConfig, training_for
from data.errors import InputError

if TYPE_CHECKING:
    from content.encoder import Encoder

Start = Literal["auto", "pretrained", "scratch"]
PRETRAINED: Start = "pretrained"
SCRATCH: Start = "scratch"
ARCHITECTURE = "paper"  # from scratch, unless another is named
# With fewer labelled songs than this the shipped encoder is where training starts unless asked otherwise: it has heard far more
# than they can teach. With more a network of one's own, shaped by one's own labels, becomes worth its time.
FEW_SONGS = 5000

# What a report must say of it: `.format(fingerprint)`.
SHIPPED = (
    "the shipped encoder ({}). It has heard no label and no listen of this library; its teacher learned tags of a million songs, "
    "and whether songs of this library are among them is not known."
)


class Recipe(NamedTuple):
    """A network and how it is trained; `start`: the encoder that it starts from, or None from scratch."""

    network: Architecture
    config: TrainingConfig
    start: Encoder | None = None

    @property
    def started(self) -> str:
        """The fingerprint of the encoder it starts from, "" from scratch."""
        return self.start.fingerprint if self.start else ""

    @property
    def spec(self) -> HyperImageSpec:
        """Of the hyper-images that it hears."""
        return HyperImageSpec.from_dict(dict(self.start.spec)) if self.start else HyperImageSpec()


def check_known(start: str, *others: str) -> None:
    """Raise InputError unless `start` is "pretrained", "scratch", or one of the others ("auto")."""
    known = (*others, PRETRAINED, SCRATCH)
    if start not in known:
        raise InputError(f"start={start!r} must be one of {', '.join(known)}")


def choose_start(start: Start, architecture: str | None, label: str, songs: int) -> tuple[Start, str]:
    """Where to start, and why, in a line for a person ("" where it was asked for).

    Parameters
    ----------
    songs : those that carry `label`.

    Raises
    ------
    InputError : no such start.
    """
    check_known(start, "auto")
    if start != "auto":
        return start, ""
    if architecture is not None:
        return SCRATCH, f"training from scratch: the architecture {architecture} is asked for"
    if songs < FEW_SONGS:
        few = f"{songs:,} songs carry {label}, fewer than {FEW_SONGS:,}"
        return PRETRAINED, f"training starts from the shipped encoder, for {few}; --from scratch starts from nothing"
    many = f"{songs:,} songs carry {label}, {FEW_SONGS:,} or more"
    return SCRATCH, f"training from scratch, for {many}; --from pretrained starts from the shipped encoder"


def recipe_for(start: Start, architecture: str | None, settings: Mapping[str, Any] | None = None, **given: Any) -> Recipe:
    """How to train from `start`, "pretrained" or "scratch"; settings as of `content.training_config.training_for`.

    Raises
    ------
    InputError : an architecture beside "pretrained"; a bad architecture or setting; the shipped encoder cannot be read.
    """
    if start == PRETRAINED:
        if architecture is not None:
            raise InputError(
                f"architecture {architecture!r} cannot be chosen with --from pretrained: the shipped encoder has its own",
                code="start",
                hint="Leave one of the two out",
            )
        from content.pretrained import pretrained_encoder

        encoder = pretrained_encoder()
        return Recipe(encoder.architecture, training_from(encoder, settings, **given), encoder)
    name = ARCHITECTURE if architecture is None else architecture
    network, config = parse_architecture(name), training_for(name, settings, **given)
    check_scratch(config)
    return Recipe(network, config)
