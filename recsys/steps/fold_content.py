"""The song embeddings that recommenders are compared with: by an encoder that knows no label of a split's cold songs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from content.notation import parse
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from data.catalogue import Catalogue
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.ids import IdMap
from recsys.report import Report
from recsys.steps.encoders import encoder_in_use, trained_encoder
from recsys.steps.fold_rows import deal
from recsys.steps.folds import fold_networks
from recsys.steps.images import songs_with_images
from recsys.steps.in_use import check_encoder, imported_alone, not_known, read_ours, with_imported
from recsys.steps.inputs import read_embeddings_if_any
from recsys.steps.machine import patient_threads, threads_or_all
from recsys.steps.shipped import shipped_encoder
from recsys.steps.starting import PRETRAINED, SCRATCH, SHIPPED, Recipe, Start, check_known
from recsys.workspace import Workspace

if TYPE_CHECKING:
    from content.encoder import Encoder

# What of a trained encoder's configuration its fold networks share; the rest follows from the data and this machine.
TRAINED_WITH = tuple(
    field.name for field in dataclasses.fields(TrainingConfig) if field.name not in ("seed", "device", "threads")
)


class FoldContent(NamedTuple):
    """Embeddings for the warm splits, and for each cold fold; none where no song could be heard.

    Parameters
    ----------
    encoder : "start" ("pretrained" or "scratch"), "fingerprint", and "label", what it was trained on for each fold, or None.
    note : what a reader must know of them.
    """

    warm: SongEmbeddings | None
    cold: dict[int, SongEmbeddings]
    encoder: dict[str, Any]
    note: str


def encoder_to_compare(workspace: Workspace, start: Start) -> Encoder | None:
    """An encoder whose embeddings no label of this library has shaped; None: labels have, and folds need networks of their own.

    Raises
    ------
    InputError : no such start; "scratch" where the encoder in use was not trained from scratch; it is damaged, or started from
        the encoder of another version of this program.
    """
    check_known(start, "auto")
    patient_threads()
    from content.pretrained import pretrained_encoder

    about = trained_encoder(workspace)
    started = str(about["config"].get("start", "")) if about else ""
    if start == SCRATCH and (about is None or started):
        raise InputError(
            "there is no encoder in use that was trained from scratch",
            code="no-encoder",
            hint="Run `recsys train-content --from scratch` first, or leave --from out",
        )
    if start == PRETRAINED or about is None:
        return shipped_encoder(workspace)
    if not started:
        return None
    encoder = encoder_in_use(workspace)
    if encoder.untouched:
        return encoder
    shipped = pretrained_encoder().fingerprint
    if shipped != started:
        raise InputError(
            f"the trained encoder started from the shipped encoder {started}, this version ships {shipped}",
            code="start",
            hint="Run `recsys train-content` again, or compare with --from pretrained",
        )
    return None


def in_place(workspace: Workspace, start: Start) -> SongEmbeddings | None:
    """The imported vectors that are in use in place of ours, if those in use are to be compared."""
    in_use = read_embeddings_if_any(workspace) if start == "auto" else None
    return in_use if in_use is not None and imported_alone(in_use) else None


def content_to_compare(
    workspace: Workspace,
    catalogue: Catalogue,
    start: Start,
    encoder: Encoder | None,
    folds: int,
    seed: int,
    *,
    device: str,
    workers: int,
    report: Report,
) -> FoldContent:
    """Imported vectors, where they are in use and `start` is "auto"; beside them, or without any, what `fold_content` gives."""
    in_use = read_embeddings_if_any(workspace) if start == "auto" else None
    if in_use is not None and imported_alone(in_use):
        made_by = {"start": "imported", "fingerprint": in_use.fingerprint, "label": None}
        return FoldContent(in_use, dict.fromkeys(range(folds), in_use), made_by, not_known(in_use.imported))
    about = trained_encoder(workspace)
    if in_use is not None and encoder is not None and in_use.imported:
        check_encoder(in_use, encoder.embedding_fingerprint)
    elif in_use is not None and encoder is None and about is not None:
        check_encoder(in_use, about["fingerprint"])
    content = fold_content(workspace, catalogue, encoder, folds, seed, device=device, workers=workers, report=report)
    if in_use is None or not in_use.imported or content.warm is None:
        return content
    joined = with_imported(workspace, catalogue, in_use, {-1: content.warm} | content.cold)
    note = f"{not_known(in_use.imported)} Our half: {content.note}"
    return content._replace(warm=joined.pop(-1), cold=joined, note=note)


def fold_content(
    workspace: Workspace,
    catalogue: Catalogue,
    encoder: Encoder | None,
    folds: int,
    seed: int,
    *,
    device: str,
    workers: int,
    report: Report,
) -> FoldContent:
    """Embeddings by `encoder`, the same for all splits; for None by a network for each of `folds` folds, trained or read."""
    if encoder is None:
        return _of_networks(workspace, catalogue, folds, seed, device=device, workers=workers, report=report)
    name = encoder.embedding_fingerprint
    made_by = {"start": PRETRAINED, "fingerprint": name, "label": None}
    vectors = read_ours(workspace)
    if vectors is None or vectors.fingerprint != name:
        vectors = _embed(workspace, catalogue, encoder, device=device, workers=workers, report=report)
    if vectors is None:
        return FoldContent(None, {}, made_by, "No song could be analysed: engines that use content are left out.")
    note = f"Content of all splits is by {SHIPPED.format(name)} So no fold needs a network of its own."
    return FoldContent(vectors, dict.fromkeys(range(folds), vectors), made_by, note)


def _embed(
    workspace: Workspace, catalogue: Catalogue, encoder: Encoder, *, device: str, workers: int, report: Report
) -> SongEmbeddings | None:
    """All songs by `encoder`, for this comparison alone; None if there are none."""
    from content.embedding import embed

    spec = HyperImageSpec.from_dict(dict(encoder.spec))
    songs = songs_with_images(workspace, catalogue, spec, workers=workers, report=report)
    if not songs.tracks:
        return None
    with report.task("embeddings by the shipped encoder") as progress:
        vectors, _ = embed(encoder, songs.images, device=device, threads=threads_or_all(workers), progress=progress)
    ids = IdMap(tuple(track.track_id for track in songs.tracks), "track")
    return SongEmbeddings(ids, vectors, encoder.embedding_fingerprint)


def _of_networks(
    workspace: Workspace, catalogue: Catalogue, folds: int, seed: int, *, device: str, workers: int, report: Report
) -> FoldContent:
    """Train, or read, networks like the workspace's encoder, each without the labels of one fold of artists."""
    from content.pretrained import pretrained_encoder

    about = trained_encoder(workspace)
    assert about is not None  # see `encoder_to_compare`
    label, spec = about["label"], HyperImageSpec.from_dict(about["spec"])
    start = pretrained_encoder() if about["config"].get("start") else None
    made_by = {"start": PRETRAINED if start else SCRATCH, "fingerprint": about["fingerprint"], "label": label}
    if not folds:
        return FoldContent(read_ours(workspace), {}, made_by, f"Content of all splits is by the encoder trained on {label} here.")
    songs = songs_with_images(workspace, catalogue, spec, workers=workers, report=report)
    # An encoder of an earlier version names fewer: the defaults are what it was trained with.
    trained_with = {name: about["config"][name] for name in TRAINED_WITH if name in about["config"]}
    config = TrainingConfig(**trained_with, seed=seed, device=device, threads=1)
    rows = deal(songs, catalogue.tracks(), label, "artist", folds, seed, config)
    networks = fold_networks(
        workspace,
        songs,
        rows,
        label,
        seed,
        Recipe(parse(about["architecture"]), config, start),
        control=False,
        also=[head["label"] for head in about.get("also", [])],
        workers=workers,
        report=report,
    )
    ids = IdMap(tuple(track.track_id for track in songs.tracks), "track")
    embeddings = {
        result.fold: SongEmbeddings(ids, result.vectors, f"fold-{result.fold}")
        for result in networks.results
        if result.vectors is not None
    }
    note = f"Cold-start folds: the encoder of each fold was trained on {label} without the labels of that fold's artists."
    if start:
        note += f" It started from {SHIPPED.format(start.fingerprint)}"
    return FoldContent(read_ours(workspace), embeddings, made_by, note)
