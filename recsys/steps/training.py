"""Train the encoder of the workspace, or find that it is up to date; alone or with other processes that torchrun started."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from content.cache import CachedImages, HyperImageCache
from content.distributed import Processes
from content.layers import Architecture
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from data.errors import InputError
from data.files import fingerprint, read_json, write_json
from data.processes import keep_freed_memory
from recsys.report import SILENT, Report
from recsys.steps.encoders import take_up
from recsys.steps.images import Songs
from recsys.steps.starting import Recipe
from recsys.workspace import Workspace

if TYPE_CHECKING:
    from content.encoder import Encoder

SCHEMA = 1
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Examples:
    """Songs to train on; nothing here but what JSON can say, so that processes can tell each other.

    Parameters
    ----------
    spec : of the hyper-images, as `HyperImageSpec.as_dict` gives it.
    content_hashes : n, which name the images.
    labels : kind -> n texts, "" where unknown; the primary label first.
    artists : n names, "" where unknown.
    """

    spec: Mapping[str, Any]
    content_hashes: list[str]
    labels: dict[str, list[str]]
    artists: list[str]


def examples_of(songs: Songs, label: str, also: Sequence[str]) -> Examples:
    """All songs that carry `label` or one of the further labels."""
    kinds = (label, *also)
    chosen = [track for track in songs.tracks if any(track.labels.get(kind) for kind in kinds)]
    return Examples(
        songs.images.cache.spec.as_dict(),
        [track.content_hash for track in chosen],
        {kind: [track.labels.get(kind, "") for track in chosen] for kind in kinds},
        [track.artist for track in chosen],
    )


def training_fingerprint(
    label: str,
    network: Architecture,
    config: TrainingConfig,
    spec: HyperImageSpec,
    examples: Sequence[tuple[str, str]],
    also: Mapping[str, Sequence[str]] | None = None,
    artists: Sequence[str] = (),
    start: str = "",
) -> str:
    """Names a training by all that decides its result.

    Parameters
    ----------
    start : the fingerprint of the encoder that it starts from, "" from scratch.
    examples : (content hash, label value), in the order of the songs; `also` and `artists` in the same order.
    """
    from content.shapes import NetworkChoices

    # Further labels, artists and start only where they play a part: what was trained without them stays up to date.
    more: list[Any] = [dict(also)] if also else []
    more += [list(artists)] if config.validation_share else []
    more += [{"start": start}] if start else []
    choices = dataclasses.asdict(NetworkChoices())
    return fingerprint("training", label, network.text, config.run(), spec.fingerprint(), choices, list(examples), *more)


@contextlib.contextmanager
def leading(processes: Processes) -> Iterator[Callable[[Examples | None], None]]:
    """Yield how the first process tells the others what to train on, None for nothing; if it fails before, they hear None."""
    told = False

    def tell(examples: Examples | None) -> None:
        nonlocal told
        told = True
        processes.tell(None if examples is None else asdict(examples))

    try:
        yield tell
    except BaseException:
        if not told:
            tell(None)
        raise


def follow(workspace: Workspace, label: str, recipe: Recipe, processes: Processes) -> None:
    """Help the first process to train on what it names; only it holds the workspace and writes."""
    job = processes.tell(None)
    if job is not None:
        _train(workspace, Examples(**job), label, recipe, processes, SILENT, None)


def encoder_for(
    workspace: Workspace,
    examples: Examples,
    label: str,
    recipe: Recipe,
    *,
    processes: Processes,
    tell: Callable[[Examples | None], None],
    tensorboard: Path | None,
    report: Report,
) -> tuple[Encoder, bool]:
    """The encoder for these songs, and whether it was trained just now."""
    from content.encoder import Encoder

    spec = HyperImageSpec.from_dict(dict(examples.spec))
    pairs = list(zip(examples.content_hashes, examples.labels[label], strict=True))
    also = {kind: texts for kind, texts in examples.labels.items() if kind != label}
    made_from = training_fingerprint(label, recipe.network, recipe.config, spec, pairs, also, examples.artists, recipe.started)
    about = workspace.encoder / "made-from.json"
    try:
        if read_json(about, schema=SCHEMA).get("made_from") == made_from:
            encoder = Encoder.load(workspace.encoder)
            take_up(workspace)
            tell(None)
            return encoder, False
    except InputError as error:
        log.info("training anew: %s", error)
    for kind, texts in examples.labels.items():
        report.say(f"{kind}: {_counts(texts)}")
    tell(examples)
    encoder = _train(workspace, examples, label, recipe, processes, report, tensorboard)
    about.unlink(missing_ok=True)
    encoder.save(workspace.encoder)
    take_up(workspace)
    write_json(about, {"schema": SCHEMA, "made_from": made_from})
    workspace.checkpoint.unlink(missing_ok=True)
    return encoder, True


def _train(
    workspace: Workspace,
    examples: Examples,
    label: str,
    recipe: Recipe,
    processes: Processes,
    report: Report,
    tensorboard: Path | None,
) -> Encoder:
    from content.training import train

    keep_freed_memory()
    spec = HyperImageSpec.from_dict(dict(examples.spec))
    with report.task(f"training on {', '.join(examples.labels)}") as progress:
        return train(
            CachedImages(HyperImageCache(workspace.images, spec), examples.content_hashes),
            examples.labels[label],
            recipe.config,
            recipe.network,
            spec=spec,
            label=label,
            also={kind: texts for kind, texts in examples.labels.items() if kind != label},
            artists=examples.artists,
            start=recipe.start,
            checkpoint=workspace.checkpoint,
            metrics=workspace.metrics,
            tensorboard=tensorboard,
            processes=processes,
            progress=progress,
        )


def outcome(encoder: Encoder, recipe: Recipe, examples: Examples, *, trained: bool) -> str:
    """What was trained and what the kept epoch came to, for a person."""
    what = recipe.network.text
    if recipe.start:
        what = "a head of the shipped encoder" if encoder.untouched else "the shipped encoder further"
    heard = f"{', '.join(examples.labels)} of {len(examples.content_hashes)} songs"
    done = f"trained {what} on {heard}" if trained else "the encoder is up to date"
    best = encoder.history[encoder.config.get("best_epoch", len(encoder.history)) - 1]
    reached = f"epoch {best.epoch} of {len(encoder.history)}: loss {best.loss:.3f}, training accuracy {best.accuracy:.3f}"
    if best.validation_loss is not None:
        reached += f", validation loss {best.validation_loss:.3f}, accuracy {best.validation_accuracy:.3f}"
    return f"{done} ({len(encoder.classes)} classes of {encoder.label}; {reached})"


def _counts(texts: Sequence[str]) -> str:
    """Songs of each value; of many values only how many there are."""
    counts = Counter(text for text in texts if text)
    if len(counts) > 20:
        return f"{counts.total()} songs, {len(counts)} different"
    return ", ".join(f"{n} {value}" for value, n in sorted(counts.items()))
