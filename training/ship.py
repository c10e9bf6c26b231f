"""`python -m training.ship RUN --folds RUN... --heard FOLDER`: a network of training.distil as the encoder that ships.

Its embedding is laid along the axes of `training.basis`. Its output is the teacher's own last layer, which tells the 50 tags from
them, calibrated on what the students of the five folds say of the songs that they have not heard.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from content.encoder import Encoder
from content.notation import parse
from content.pretrained import TAG
from content.shapes import NetworkChoices
from content.spec import HyperImageSpec
from content.targets import Head
from training.basis import axes, rebase
from training.calibration import fit, tag_probabilities
from training.heard import read_heard
from training.measure import pooled
from training.student import Recipe, load_student
from training.teacher import PENULTIMATE, musicnn_folder, tag_names
from training.tf_checkpoint import read_checkpoint

MODEL = "MSD_musicnn"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder that training.distil wrote")
    parser.add_argument("--folds", type=Path, nargs="+", required=True, help="runs of the five folds, tested on --heard")
    parser.add_argument("--heard", type=Path, required=True, help="folder of training.hear, for axes and calibration")
    parser.add_argument("--out", type=Path, default=Path("content/pretrained"))
    parser.add_argument("--config", default="{}", help="JSON for the record in model.json")
    args = parser.parse_args()
    encoder = encoder_of(args.run, args.folds, args.heard, json.loads(args.config))
    encoder.save(args.out)
    size = (args.out / "model.safetensors").stat().st_size
    print(f"{args.out}: encoder {encoder.fingerprint}, {size / 1e6:.1f} MB")


def encoder_of(run: Path, folds: list[Path], heard: Path, config: dict[str, object]) -> Encoder:
    """The encoder of one run of training.distil; without `folds` its tags are not calibrated."""
    recipe = Recipe(**json.loads((run / "result.json").read_text())["recipe"])
    student, spec, network_of = load_student(run, recipe), HyperImageSpec(), parse(recipe.architecture)
    network, scale = student.network, student.scale
    names = tag_names(MODEL)
    order = sorted(range(len(names)), key=names.__getitem__)  # the outputs of a head are sorted
    told, last = read_heard(heard), read_checkpoint(musicnn_folder() / MODEL)
    weights, offsets = last["dense_1/kernel"], last["dense_1/bias"]
    line = np.tile((1.0, 0.0), (len(offsets), 1))  # slope and offset
    if folds:
        values, _ = pooled(folds, len(told.folds))
        line = fit(values @ weights + offsets, tag_probabilities(told))
    weights, offsets = (weights * line[:, 0]).T.astype(np.float32), (offsets * line[:, 0] + line[:, 1]).astype(np.float32)
    rows = axes(told.clip_level()[:, :PENULTIMATE], scale, network_of.embedding_size)
    rebase(network, rows, scale, (weights[order], offsets[order]), len(scale.mean))
    return Encoder(
        module=network.eval(),
        architecture=network_of,
        choices=NetworkChoices(),
        heads=(Head(TAG, tuple(names[i] for i in order), multi_valued=True),),
        spec=spec.as_dict(),
        n_rows=spec.n_rows,
        n_frames=student.n_frames,
        config=config,
        history=(),
    )


if __name__ == "__main__":
    main()
