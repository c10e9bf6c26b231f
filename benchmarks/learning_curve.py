"""`python -m benchmarks.learning_curve --data FOLDER --label mood`: is it songs that are lacking?

Folds of artists; in each, the network and the support vector machine on statistics learn from a growing share of the other
folds' artists (each share holds the smaller ones) and name the same held-out songs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.cache import Rows
from content.embedding import embed
from content.notation import architecture
from content.spec import HyperImageSpec
from content.statistics import statistics_of
from content.training import train
from content.training_config import parse_settings, training_for
from data.splits import group_folds
from data.tracks import Track
from evaluation.classical import classical_fold
from recsys.cli.output import TerminalReport
from recsys.steps.images import songs_with_images
from recsys.steps.library import scan
from recsys.workspace import open_workspace

SHARES = (0.25, 0.5, 0.75, 1.0)
SVM = "SVM on statistics"


def artists_of(tracks: Sequence[Track]) -> NDArray[np.str_]:
    """The artist of each song; a song without one is its own."""
    return np.array([track.artist or f"\0{track.track_id}" for track in tracks])


def share_of(rows: NDArray[np.int64], artists: NDArray[np.str_], share: float, seed: int) -> NDArray[np.int64]:
    """The songs among `rows` of the first `share` of their artists in random order."""
    names = np.random.default_rng(seed).permutation(np.unique(artists[rows]))
    return rows[np.isin(artists[rows], names[: round(share * len(names))])]


def main() -> None:
    """Train, ask, print songs, accuracy and CPU seconds for each share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with tracks.csv and its audio")
    parser.add_argument("--label", default="mood")
    parser.add_argument("--architecture", action="append", help="may be repeated; default: best")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any training setting; may be repeated")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workspace", type=Path, default=Path(tempfile.gettempdir()) / "recsys-learning-curve")
    args = parser.parse_args()
    names = args.architecture or ["best"]
    scan(args.workspace, [args.data], report=TerminalReport())
    workspace, spec = open_workspace(args.workspace), HyperImageSpec()
    with workspace.writing(), workspace.catalogue() as catalogue:
        songs = songs_with_images(workspace, catalogue, spec, workers=0, report=TerminalReport())
    labels = np.array([track.labels.get(args.label, "") for track in songs.tracks])
    artists, features = artists_of(songs.tracks), statistics_of(songs.images)
    known = np.flatnonzero(labels != "")
    fold_of = np.full(len(labels), -1)
    fold_of[known] = group_folds(artists[known].tolist(), labels[known].tolist(), args.folds, args.seed)
    print(f"\n{args.label}: {len(known)} songs, {args.folds} folds of artists; share of songs named right (CPU s of a training)")
    print("".join(f"{head:>26}" for head in ("songs to learn from", *names, SVM)))
    for share in SHARES:
        right = dict.fromkeys((*names, SVM), 0)
        seconds, heard = dict.fromkeys(names, 0.0), 0
        for fold in range(args.folds):
            held = np.flatnonzero(fold_of == fold)
            inside = share_of(np.flatnonzero((fold_of >= 0) & (fold_of != fold)), artists, share, args.seed)
            heard += len(inside)
            for name in names:
                config = training_for(name, parse_settings(args.set), seed=args.seed, threads=1)
                start = time.process_time()
                encoder = train(
                    Rows(songs.images, inside), labels[inside].tolist(), config, architecture(name), spec=spec, label=args.label
                )
                seconds[name] += time.process_time() - start
                said = embed(encoder, Rows(songs.images, held), threads=1)[1].argmax(axis=1)
                right[name] += int((np.array(encoder.classes)[said] == labels[held]).sum())
            machine = classical_fold(features, labels, artists, inside, held, seed=args.seed)
            said = machine.log_probabilities.argmax(axis=1)
            right[SVM] += int((np.array(machine.classes)[said] == labels[held]).sum())
        cells = [f"{right[name] / len(known):.3f} ({seconds[name] / args.folds:.0f} s)" for name in names]
        print(f"{heard / args.folds:>26.0f}" + "".join(f"{cell:>26}" for cell in (*cells, f"{right[SVM] / len(known):.3f}")))


if __name__ == "__main__":
    main()
