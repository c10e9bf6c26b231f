"""`python -m training.measure RUN... --heard FOLDER --songs FOLDER`: what students know of songs whose artists they never heard.

The runs are those of the five folds; together they tell every song of FOLDER. Printed for the students' vectors, the teacher's
own and plain statistics of the hyper-images: an SVM on mood and genre (folds of artists, and random ones), the genre of the
five nearest songs by other artists; and the students' agreement with the teacher, overall and by mood and genre. --out writes the
students' vectors as Parquet (track_id, embedding), for `recsys import-embeddings` or any other measure of taste.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from content.statistics import image_statistics
from data.embeddings import unit_rows
from training.basis import Scale, axes
from training.heard import Heard, read_heard, split
from training.student import agreement

WIDTH = 192
NEAREST = 5
Floats = NDArray[np.float32]
Texts = NDArray[np.str_]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of training.distil --without 0, 1, ... --test FOLDER")
    parser.add_argument("--heard", type=Path, required=True, help="the folder that was tested")
    parser.add_argument(
        "--axes", type=Path, nargs="*", default=[], help="folders of training.hear that no run holds out, for the axes"
    )
    parser.add_argument("--songs", type=Path, required=True, help="folder with the tracks.csv (mood, genre)")
    parser.add_argument("--out", type=Path, help="write the students' vectors here, .parquet")
    args = parser.parse_args()
    heard = read_heard(args.heard)
    said, said_logits = split(heard.clip_level()[:, :250])
    values, logits = pooled(args.runs, len(heard.folds))
    scale = Scale(**np.load(args.runs[0] / "scale.npz"))
    of_axes = np.concatenate([read_heard(f).clip_level()[:, :200] for f in args.axes]) if args.axes else said
    rows = axes(of_axes, scale, WIDTH)
    vectors = (((values - scale.mean) / scale.std) @ rows.T).astype(np.float32)
    if args.out is not None:
        pd.DataFrame({"track_id": list(heard.track_ids), "embedding": list(vectors)}).to_parquet(args.out)
    mood, genre = labels(args.songs, heard)
    artists = np.unique(heard.artists, return_inverse=True)[1]
    plain = np.stack([image_statistics(heard.images[i, :n]) for i, n in enumerate(heard.frames)])
    z = [StandardScaler().fit_transform(x) for x in (vectors, plain)]
    tables = {"students": vectors, "teacher": said, "statistics": plain, "students and statistics": np.hstack(z)}
    print(
        "                          mood F1          genre accuracy   genre of the 5 nearest\n"
        + " " * 26
        + "artist random    artist random"
    )
    for name, x in tables.items():
        figures = svm(x, mood, artists)[1], svm(x, mood, None)[1], svm(x, genre, artists)[0], svm(x, genre, None)[0]
        print(
            f"{name:<26}" + "{:.3f}  {:.3f}     {:.3f}  {:.3f}    ".format(*figures) + f"{nearest(x, genre, artists):.3f}",
            flush=True,
        )
    print_agreement(values, said, logits, said_logits, {"all": np.full(len(mood), "all"), "mood": mood, "genre": genre})


def pooled(runs: list[Path], n: int) -> tuple[Floats, Floats]:
    """What each fold's student said of the songs that it had not heard. Raises SystemExit if a song is missing or told twice."""
    values, logits, times = np.zeros((n, 200), np.float32), np.zeros((n, 50), np.float32), np.zeros(n, int)
    for run in runs:
        told = np.load(run / "test.npz")
        values[told["clips"]], logits[told["clips"]] = told["values"][:, :200], told["logits"][:, :50]
        times[told["clips"]] += 1
    if (times != 1).any():
        raise SystemExit(f"{(times != 1).sum()} of {n} songs are told by no run or by several")
    return values, logits


def labels(songs: Path, heard: Heard) -> tuple[Texts, Texts]:
    """Mood and genre of each clip, "" where unknown."""
    with (songs / "tracks.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["track_id"]: row for row in csv.DictReader(file)}
    mood, genre = ([rows[track][kind] for track in heard.track_ids] for kind in ("mood", "genre"))
    return np.array(mood), np.array(genre)


def svm(x: Floats, y: Texts, groups: NDArray[np.int64] | None, *, repeats: int = 3) -> tuple[float, float]:
    """Accuracy and macro F1 of a support vector machine (C = 2, radial) over ten folds, mean over `repeats` shuffles."""
    known, results = y != "", []
    x, y, groups = x[known], y[known], None if groups is None else groups[known]
    for seed in range(repeats):
        folds = (StratifiedKFold if groups is None else StratifiedGroupKFold)(10, shuffle=True, random_state=seed)
        said = np.empty_like(y)
        for train, test in folds.split(x, y, groups):
            said[test] = make_pipeline(StandardScaler(), SVC(C=2.0)).fit(x[train], y[train]).predict(x[test])
        results.append((float(np.mean(said == y)), float(f1_score(y, said, average="macro"))))
    accuracy, f1 = np.mean(results, axis=0)
    return float(accuracy), float(f1)


def nearest(x: Floats, y: Texts, artists: NDArray[np.int64]) -> float:
    """Share of songs whose five nearest by other artists (cosine of standardised columns) are mostly of their kind."""
    known = y != ""
    z, y, artists = unit_rows(StandardScaler().fit_transform(x[known]).astype(np.float32)), y[known], artists[known]
    cosine = z @ z.T
    cosine[artists[:, None] == artists[None]] = -np.inf
    right = 0
    for i, row in enumerate(np.argsort(-cosine, axis=1, kind="stable")[:, :NEAREST]):
        votes = Counter(y[row].tolist())  # of equally many votes the nearest song's wins
        right += votes.most_common(1)[0][0] == y[i]
    return right / len(y)


def print_agreement(values: Floats, said: Floats, logits: Floats, said_logits: Floats, kinds: dict[str, Texts]) -> None:
    """R2 and cosine of the values, ROC-AUC of the tags, over all clips and over those of each label."""
    scale = Scale(said.mean(0), said.std(0))
    top = np.zeros(said_logits.shape, bool)  # what the teacher says of a song: the five likeliest tags
    np.put_along_axis(top, np.argsort(-said_logits, axis=1)[:, :5], True, axis=1)
    print("\nagreement with the teacher       clips    R2   cosine   AUC of tags within a song")
    for kind, names in kinds.items():
        for name in sorted(set(names.tolist()) - {""}):
            here = names == name
            within = [roc_auc_score(a, b) for a, b in zip(top[here], logits[here], strict=True)]
            told = agreement(values[here], said[here], scale)
            called = name if kind == name else f"{kind} {name}"
            print(f"{called:<32}{int(here.sum()):>6}  {told['r2']:.3f}  {told['cosine']:.3f}   {np.mean(within):.3f}")
    usual = [j for j in range(len(top.T)) if 5 <= top[:, j].sum() <= len(top) - 5]
    across = [roc_auc_score(top[:, j], logits[:, j]) for j in usual]
    print(f"AUC of a tag over songs, mean of {len(usual)} tags: {np.mean(across):.3f}; {agreement(values, said, scale)}")


if __name__ == "__main__":
    main()
