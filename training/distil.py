"""`python -m training.distil HEARD... --out RUN`: teach a network of our notation what the teacher says of what both hear.

The 192 values of the last hidden layer are mapped linearly to the teacher's 200 values and 50 tags; loss: mean squared error of
the standardised values plus binary cross-entropy of the tags. A folder that is named twice is heard twice as often. With
--without FOLD the artists of that fold are heard neither as they are nor changed nor in a mixture; --test says how well their
songs are told all the same. RUN gets network.pt, scale.npz, result.json, and of the songs that were tested test.npz.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import time
from pathlib import Path

import numpy as np
import torch

from training.basis import Scale
from training.heard import examples, read_heard, split
from training.student import Recipe, agreement, load_student, predict, teach

ARCHITECTURE = "I[MBD(20)F(256)BR|T(2,7,256)BK(2,5,256)K(1,5,256)G]BD(30)F(512)BRD(30)F(192)O"
NUMBERS = ("patches", "steps", "batch", "rate", "decay", "tag_weight", "seed")
OUTPUTS = {"msd": slice(0, 250), "both": slice(0, 500)}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heard", type=Path, nargs="+", help="folders of training.hear")
    parser.add_argument("--out", type=Path, required=True, help="folder of this run")
    parser.add_argument("--test", type=Path, help="folder of training.hear whose held-out clips are told")
    parser.add_argument("--without", type=int, metavar="FOLD", help="fold that is not heard")
    parser.add_argument("--start", type=Path, metavar="RUN", help="go on from this run")
    parser.add_argument("--teachers", choices=OUTPUTS, default="msd")
    parser.add_argument("--share", type=float, default=1.0, help="share of the clips that is heard, for learning curves")
    parser.add_argument("--architecture", default=ARCHITECTURE)
    for name in NUMBERS:
        value = getattr(Recipe, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--float32", action="store_true", help="no bfloat16")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    print(json.dumps(distil(args)))


def distil(args: argparse.Namespace) -> dict[str, object]:
    """Teach, test and write."""
    numbers = {name: getattr(args, name) for name in NUMBERS}
    recipe = Recipe(args.architecture, **numbers, mixed_precision=not args.float32)
    told = examples(
        [read_heard(folder) for folder in args.heard], without=args.without, outputs=OUTPUTS[args.teachers], share=args.share
    )
    began = time.process_time()
    student = teach(told, recipe, load_student(args.start, recipe) if args.start else None)
    result: dict[str, object] = {
        "recipe": dataclasses.asdict(recipe),
        "heard": [folder.name for folder in args.heard],
        "hours": round(told.hours(), 2),
        "without": args.without,
        "start": args.start and args.start.name,
        "cpu_seconds": round(time.process_time() - began),
    }
    student.save(args.out)
    if args.test is not None:
        test = read_heard(args.test)
        clips = np.arange(len(test.folds)) if args.without is None else np.flatnonzero(test.folds == args.without)
        values, logits = predict(student, test, clips)
        np.savez(args.out / "test.npz", clips=clips, values=values, logits=logits)
        said, _ = split(test.clip_level()[clips][:, OUTPUTS[args.teachers]])
        result |= agreement(values, said, Scale(said.mean(0), student.scale.std))
    (args.out / "result.json").write_text(json.dumps(result))
    return result


if __name__ == "__main__":
    main()
