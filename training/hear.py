"""`python -m training.hear --songs FOLDER --free FOLDER --out OUT --variants 0 4`: clips, their images, what the teacher says.

Variant 0 is the clip itself, each further one another change of it (training.changes). For each variant of each of the two kinds
of material OUT gets `<kind>-<variant>/`: images.npy uint8 (clips, frames, rows), frames.npy int32 (clips,), teacher.npy float16
(clips, patches, 250 or 500: the 200 values before the output and the 50 logits, of MSD and, with --both, of MTT), patches.npy
int32 (clips,) and clips.json. What is there is not made again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from content.decode import resample, to_mono
from content.hyperimage import hyper_image, to_bytes
from content.spec import HyperImageSpec
from data.audio import read_audio
from training.changes import change
from training.material import CLIP_SECONDS, Clip, free_clips, labelled_clips
from training.teacher import SAMPLE_RATE, Musicnn, load_teacher, patches

SPEC = HyperImageSpec()
MOST_FRAMES = 1 + int(CLIP_SECONDS * SPEC.sample_rate) // SPEC.hop_length
MOST_PATCHES = 10
MODELS = ("MSD_musicnn", "MTT_musicnn")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=Path, help="folder with a tracks.csv; its artists are dealt to five folds")
    parser.add_argument("--free", type=Path, help="folder of further music, which is never held out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variants", type=int, nargs=2, default=(0, 1), metavar=("FIRST", "END"))
    parser.add_argument("--both", action="store_true", help="hear what the MTT model says, too")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--float32", action="store_true", help="no bfloat16 in the teacher")
    args = parser.parse_args()
    models = MODELS if args.both else MODELS[:1]
    kinds = {"songs": args.songs and labelled_clips(args.songs), "free": args.free and free_clips(args.free)}
    for variant in range(*args.variants):
        for kind, clips in kinds.items():
            folder = args.out / f"{kind}-{variant}"
            if clips and not (folder / "clips.json").exists():
                began = time.perf_counter()
                hear(clips, folder, variant, models, args.workers, args.float32)
                print(f"{folder}: {len(clips)} clips in {time.perf_counter() - began:.0f} s", flush=True)


def hear(clips: Sequence[Clip], folder: Path, variant: int, models: Sequence[str], workers: int, exact: bool) -> None:
    """Write one variant of all clips; clips.json comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    outputs = 250 * len(models)
    shapes = {"images": (MOST_FRAMES, SPEC.n_rows), "frames": (), "teacher": (MOST_PATCHES, outputs), "patches": ()}
    types = {"images": np.uint8, "frames": np.int32, "teacher": np.float16, "patches": np.int32}
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", types[name], (len(clips), *shape))
        for name, shape in shapes.items()
    }
    partners = [_partner(clips, i, variant) for i in range(len(clips))]
    jobs = [
        (clip, clips[partner], (variant, i), tuple(models), exact)
        for i, (clip, partner) in enumerate(zip(clips, partners, strict=True))
    ]
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for i, (image, said) in enumerate(pool.map(_hear, jobs, chunksize=4)):
            arrays["images"][i, : len(image)], arrays["frames"][i] = image, len(image)
            arrays["teacher"][i, : len(said)], arrays["patches"][i] = said, len(said)
    for array in arrays.values():
        array.flush()
    about = [{"track_id": clip.track_id, "artist": clip.artist, "fold": clip.fold, "seconds": clip.seconds} for clip in clips]
    (folder / "clips.json").write_text(json.dumps({"models": list(models), "variant": variant, "clips": about}))


def _partner(clips: Sequence[Clip], i: int, variant: int) -> int:
    """Another clip that is held out together with clip `i`, or never."""
    rng = np.random.default_rng((variant, i, 1))
    while True:
        other = int(rng.integers(len(clips)))
        if clips[other].fold == clips[i].fold and (other != i or len(clips) == 1):
            return other


def _hear(job: tuple[Clip, Clip, tuple[int, int], tuple[str, ...], bool]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    clip, other, (variant, i), models, exact = job
    y = _signal(clip)
    if variant:
        y = change(y, _signal(other), SPEC.sample_rate, np.random.default_rng((variant, i)))
        y = y[: int(CLIP_SECONDS * SPEC.sample_rate)]
    image = to_bytes(hyper_image(y, SPEC))[:MOST_FRAMES]
    heard = torch.from_numpy(patches(resample(y, SPEC.sample_rate, SAMPLE_RATE))[:MOST_PATCHES])
    with torch.inference_mode():
        said = [torch.cat(_teacher(model, exact)(heard), 1) for model in models]
    return image, torch.cat(said, 1).numpy().astype(np.float16)


def _signal(clip: Clip) -> NDArray[np.float32]:
    audio = read_audio(clip.path, start_s=clip.start_s, seconds=clip.seconds)
    return resample(to_mono(audio.samples), audio.sample_rate, SPEC.sample_rate)


@cache
def _teacher(model: str, exact: bool) -> Musicnn:
    return load_teacher(model, precision=torch.float32 if exact else torch.bfloat16)


if __name__ == "__main__":
    main()
