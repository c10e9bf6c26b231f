"""`python -m training.ship RUN --heard FOLDER...`: the network of training.distil as the encoder that the package carries.

Its embedding is laid along the axes of `training.basis`, its output is the teacher's own last layer, which tells the 50 tags from
them.
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
from training.heard import read_heard
from training.student import Recipe, load_student
from training.teacher import PENULTIMATE, musicnn_folder, tag_names
from training.tf_checkpoint import read_checkpoint

MODEL = "MSD_musicnn"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder that training.distil wrote")
    parser.add_argument("--heard", type=Path, nargs="+", required=True, help="folders of training.hear, for the axes")
    parser.add_argument("--out", type=Path, default=Path("content/pretrained"))
    parser.add_argument("--config", default="{}", help="JSON for the record in model.json")
    args = parser.parse_args()
    encoder = encoder_of(args.run, args.heard, json.loads(args.config))
    encoder.save(args.out)
    size = (args.out / "model.safetensors").stat().st_size
    print(f"{args.out}: encoder {encoder.fingerprint}, {size / 1e6:.1f} MB")


def encoder_of(run: Path, heard: list[Path], config: dict[str, object]) -> Encoder:
    """The encoder of one run of training.distil."""
    recipe = Recipe(**json.loads((run / "result.json").read_text())["recipe"])
    student, spec, network_of = load_student(run, recipe), HyperImageSpec(), parse(recipe.architecture)
    network, scale = student.network, student.scale
    names = tag_names(MODEL)
    order = sorted(range(len(names)), key=names.__getitem__)  # the outputs of a head are sorted
    last = read_checkpoint(musicnn_folder() / MODEL)
    said = np.concatenate([read_heard(folder).clip_level()[:, :PENULTIMATE] for folder in heard])
    rows = axes(said, scale, network_of.embedding_size)
    rebase(network, rows, scale, (last["dense_1/kernel"].T[order], last["dense_1/bias"][order]), len(scale.mean))
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
