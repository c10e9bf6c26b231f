"""`python -m benchmarks.neighbours --data FOLDER --label mood --label genre`: are the nearest songs of the same mood or genre?

Folds of artists; each fold's network embeds the songs whose artists it has not heard. Queries are a fold's held-out songs with
the label; neighbours by the query's artist are left out; the k nearest vote. Two protocols, never mixed:

    unheard    candidates are the same fold's held-out songs: neither query nor candidate was trained on
    all songs  candidates are all songs with the label: the network has trained on most of them, so it knows their labels

With --vectors, song vectors from elsewhere are compared instead of networks; all songs are queries, and both protocols are one.
Every competitor gets the same queries and the same candidates; vectors of two networks are never compared with each other.
FOLDER holds a `tracks.csv` and its audio. Peers run in an environment of their own: `pip install bliss-audio pymusly numpy` there
(musly also needs the program ffmpeg), then give its Python as `--peers-python`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.nearest import NORMALISATIONS
from benchmarks.neighbour_protocols import KS, OURS, PROTOCOLS, Fold, compare, figures
from benchmarks.rivals import librosa_means, peer
from content.notation import architecture as parse_architecture
from content.spec import HyperImageSpec
from content.training_config import parse_settings, training_for
from recsys.cli.output import TerminalReport
from recsys.steps.checks import check_labels
from recsys.steps.fold_rows import deal
from recsys.steps.folds import fold_networks
from recsys.steps.images import Songs, songs_with_images
from recsys.steps.library import scan
from recsys.workspace import open_workspace


def networks(args: argparse.Namespace, label: str) -> tuple[Songs, list[Fold], float]:
    """All songs, the network of each fold, and CPU seconds of their training."""
    report, also = TerminalReport(), [kind for kind in args.also if kind != label]
    config = training_for(args.architecture, parse_settings(args.set), epochs=args.epochs, seed=args.seed, threads=1)
    workspace = open_workspace(args.workspace)
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_labels(catalogue, label, also)
        songs = songs_with_images(workspace, catalogue, HyperImageSpec(), workers=args.workers, report=report)
        rows = deal(songs, catalogue.tracks(), label, "artist", args.folds, args.seed, config)
        network = parse_architecture(args.architecture)
        results = fold_networks(
            workspace,
            songs,
            rows,
            label,
            args.seed,
            network,
            config,
            control=False,
            also=also,
            workers=args.workers,
            report=report,
        ).results
    known = np.array([bool(track.labels.get(label)) for track in songs.tracks])
    folds = []
    for result in results:
        if result.vectors is None:
            raise RuntimeError(f"fold {result.fold} has no vectors")
        trained = np.flatnonzero(known & (rows.fold_of != result.fold))
        folds.append(Fold(result.vectors, result.rows.astype(np.int64), trained))
    return songs, folds, sum(result.seconds for result in results)


def given(args: argparse.Namespace, label: str) -> tuple[Songs, list[Fold], float]:
    """All songs, and vectors that somebody else made of them, as if of one network that has heard none."""
    workspace = open_workspace(args.workspace)
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_labels(catalogue, label, ())
        songs = songs_with_images(workspace, catalogue, HyperImageSpec(), workers=args.workers, report=TerminalReport())
    table = pd.read_parquet(args.vectors).set_index("track_id")["embedding"]
    vectors = np.stack([np.asarray(table[track.track_id], np.float32) for track in songs.tracks])
    known = np.flatnonzero([bool(track.labels.get(label)) for track in songs.tracks])
    return songs, [Fold(vectors, known, known)], 0.0


def show(label: str, rows: Sequence[dict[str, Any]], compared: dict[str, Any], ours: str) -> None:
    """The tables of one label."""
    artists = compared["artists"]
    print(
        f"\n{label}: {len(artists)} queries by {len(set(artists))} artists; {compared['unreadable']} songs left out as unreadable"
    )
    print(f"ours: {ours}; small interval: 95 %, bootstrap over artists; differences are paired")
    for protocol in PROTOCOLS:
        print(f"\n  candidates: {protocol:<26}" + "".join(f"{f'k={k}':>8}{'interval':>15}{'ours minus it':>26}" for k in KS))
        names = dict.fromkeys(row["competitor"] for row in rows)
        for name in names:
            line = ""
            for k in KS:
                row = next(r for r in rows if (r["protocol"], r["k"], r["competitor"]) == (protocol, k, name))
                change = (
                    "" if name == ours else "{ours_minus_it:+.3f} ({difference_low:+.3f} {difference_high:+.3f})".format(**row)
                )
                line += "{accuracy:>8.3f}   {low:.3f}-{high:.3f}".format(**row) + f"{change:>26}"
            print(f"    {name:<36}{line}")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with tracks.csv and its audio")
    parser.add_argument("--label", action="append", required=True, help="may be repeated")
    parser.add_argument("--vectors", type=Path, help="Parquet (track_id, embedding) to compare instead of networks trained here")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--architecture", default="paper")
    parser.add_argument("--also", action="append", default=[], metavar="LABEL", help="learned at the same time; may be repeated")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any training setting; may be repeated")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument(
        "--normalisation", choices=list(NORMALISATIONS), default="unit", help="of ours, where differences are taken"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "recsys-neighbours", help="what is kept for next time"
    )
    parser.add_argument("--workspace", type=Path, help="where songs are analysed and networks trained; default: in the cache")
    parser.add_argument("--peers-python", default=sys.executable, help="Python of the environment with bliss-audio and pymusly")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    args = parser.parse_args()
    args.workspace = args.workspace or args.cache / "workspace"
    return args


def main() -> None:
    """Scan, train what is missing, let the rivals listen, compare, print."""
    args = arguments()
    scan(args.workspace, [args.data], report=TerminalReport())
    written: dict[str, Any] = {"arguments": {name: str(value) for name, value in vars(args).items()}, "labels": {}}
    for label in args.label:
        songs, folds, seconds = (given if args.vectors else networks)(args, label)
        rivals = {"librosa means, standardised": librosa_means(songs.tracks, args.cache)}
        for name in ("bliss", "musly"):
            found = peer(name, songs.tracks, args.cache, args.peers_python)
            if isinstance(found, str):
                print(found, file=sys.stderr)
            else:
                rivals["bliss" if name == "bliss" else "musly, timbre"] = found
        compared = compare(songs, folds, label, rivals, args.seed)
        ours = OURS.format(args.normalisation)
        rows = figures(compared, ours)
        show(label, rows, compared, ours)
        print(f"\n  training of {len(folds)} networks: {seconds:.0f} CPU s; CPU s a song of the rivals: "
              + ", ".join(f"{name.split(',')[0]} {rival.seconds:.2f}" for name, rival in rivals.items()))  # fmt: skip
        written["labels"][label] = {"rows": rows, "queries": len(compared["artists"]), "train_seconds": seconds}
    if args.json:
        args.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
