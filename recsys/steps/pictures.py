"""Looking at songs and embeddings: the map, one song as the paper draws it, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from content.pretrained import TAG
from data.asked_song import song_asker
from data.embeddings import write_parquet
from data.errors import InputError
from data.files import atomic_path, write_text
from data.predicted_tags import colours_of_tags, read_predicted_tags
from data.tracks import Track
from recsys.steps.encoders import trained_encoder
from recsys.steps.song_vectors import embeddings_of
from recsys.steps.tags import tags_of
from recsys.workspace import Workspace, open_workspace

BY_TAG = "most distinctive predicted tag"


def draw_map(root: Path, *, label: str | None = None, tags: bool = False) -> dict[str, Any]:
    """Draw the songs in the three main axes of their embeddings.

    Parameters
    ----------
    label : what colours them; by default the label that the workspace's own encoder learned, or predicted tags if there is none.
    tags : colour them by predicted tags (see `colours_of_tags`) instead of a label.

    Returns
    -------
    "page" and "picture" (paths of reports/map.html and map.png), "coloured_by", "explained" (share of the variance of each axis),
    "summary".

    Raises
    ------
    InputError : no workspace or embeddings, an unknown label, a label and tags at once, or no tags where they are asked for.
    """
    from content.map_page import map_page
    from content.map_png import write_map_png
    from content.pca import pca

    if tags and label is not None:
        raise InputError(f"label={label!r} does not go with tags: the map has one colour a song")
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue(readonly=True) as catalogue:
        embeddings = embeddings_of(workspace)
        if label is not None and label not in catalogue.label_kinds():
            raise InputError(
                f"no song has a label {label!r}; labels: {', '.join(catalogue.label_kinds()) or 'none'}", code="unknown-label"
            )
        label = None if tags else label or learned_label(workspace)
        told = read_predicted_tags(catalogue) is not None
        # Vectors of another program on songs that were never heard have neither.
        by, rest = (label, "no label") if label else (BY_TAG, "other") if tags or told else ("nothing", "no label, no tag")
        title = f"Map of {len(embeddings.tracks)} songs by {by}"
        tracks = catalogue.tracks_by_id(embeddings.tracks.ids)
        shown = [_track(tracks, track_id) for track_id in embeddings.tracks.ids]
        coordinates, explained = pca(np.asarray(embeddings.vectors), 3)
        if by == BY_TAG:
            labels = colours_of_tags(tags_of(catalogue), [track.track_id for track in shown])
        else:
            labels = [track.labels.get(label or "", "") for track in shown]
        names = [track.name for track in shown]
        page, picture = workspace.reports / "map.html", workspace.reports / "map.png"
        write_text(page, map_page(coordinates, explained, names, list(embeddings.tracks.ids), labels, title, rest=rest))
        write_map_png(picture, coordinates, explained, labels, title, rest=rest)
    held = ", ".join(f"{100 * share:.0f} %" for share in explained)
    return {
        "page": str(page),
        "picture": str(picture),
        "coloured_by": by,
        "explained": [float(share) for share in explained],
        "summary": f"{page} and {picture}, coloured by {by}; the three axes hold {held} of the variance",
    }


def learned_label(workspace: Workspace) -> str | None:
    """The label that the encoder in use was trained on; None for the shipped one."""
    about = trained_encoder(workspace)
    label = str(about["label"]) if about else TAG
    return None if label == TAG else label


def show(root: Path, song: str, png: Path) -> dict[str, Any]:
    """Draw one song as the paper does: wave, STFT and CQT, the six blocks, and the hyper-image.

    Raises
    ------
    InputError : no workspace, an unknown song, a file that cannot be decoded, or `png` cannot be written.
    """
    from content.decode import decode
    from content.figures import write_song_figure
    from content.spec import HyperImageSpec

    if png.suffix.lower() != ".png":
        raise InputError(f"{png} must end in .png")
    with open_workspace(root).catalogue(readonly=True) as catalogue:
        track = song_asker(catalogue)(song)
    spec = HyperImageSpec()
    write_song_figure(png, decode(Path(track.path), track.duration, spec), spec, track.name)
    return {"track_id": track.track_id, "picture": str(png), "summary": f"{track.name}: {png}"}


def export_embeddings(root: Path, out: Path) -> dict[str, Any]:
    """Write the embeddings as Parquet (track_id, embedding), or as .npy with the ids, line by line, in a .csv beside it.

    Raises
    ------
    InputError : no embeddings, or a suffix that is neither .parquet nor .npy.
    """
    workspace = open_workspace(root)
    embeddings = embeddings_of(workspace)
    if out.suffix == ".parquet":
        write_parquet(out, embeddings)
    elif out.suffix == ".npy":
        with atomic_path(out) as path, path.open("wb") as file:
            np.save(file, embeddings.vectors, allow_pickle=False)
        write_text(
            out.with_suffix(".csv"), "track_id\n" + "".join(f"{_quoted(track_id)}\n" for track_id in embeddings.tracks.ids)
        )
    else:
        raise InputError(f"{out} must end in .parquet or .npy")
    n, width = embeddings.vectors.shape
    return {"path": str(out), "songs": n, "dimensions": width, "summary": f"{n} songs x {width} numbers in {out}"}


def _quoted(text: str) -> str:
    """One CSV cell."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",\r\n') else text


def _track(tracks: dict[str, Track], track_id: str) -> Track:
    """A song of the catalogue; one that has since been removed is known by its id alone."""
    return tracks.get(track_id, Track(track_id, ""))
