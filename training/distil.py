"""`python -m training.distil HEARD... --out FILE.npz`: teach a network of our notation what the teacher says.

The 192 values of the last hidden layer are mapped linearly to the teacher's values and tags; loss: mean squared error of the
standardised values plus binary cross-entropy of the tags' probabilities. With --without FOLD the artists of that fold are heard
neither as they are nor changed nor in a mixture, and the agreement on them is printed.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from content.network import Network, build, to_input
from content.notation import parse
from content.shapes import NetworkChoices
from content.spec import HyperImageSpec
from training.heard import FRAMES_PER_PATCH, Examples, Heard, examples, read_heard, split

SPEC = HyperImageSpec()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heard", type=Path, nargs="+", help="folders of training.hear")
    parser.add_argument("--test", type=Path, help="folder whose held-out clips are measured")
    parser.add_argument("--out", type=Path, required=True, help="folder for the network")
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--without", type=int, help="fold that is not heard")
    parser.add_argument("--patches", type=int, default=2, help="length of a snippet in the teacher's patches of 3 s")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.02)
    parser.add_argument("--tag-weight", type=float, default=1.0)
    parser.add_argument("--both", action="store_true", help="learn the MTT model, too")
    parser.add_argument("--share", type=float, default=1.0, help="share of the artists that is heard, for learning curves")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    outputs = slice(0, 500 if args.both else 250)
    heard = [read_heard(folder) for folder in args.heard]
    told = examples(heard, without=args.without, outputs=outputs)
    began = time.process_time()
    network, mean, std = teach(told, args)
    seconds = time.process_time() - began
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), args.out / "network.pt")
    np.savez(args.out / "scale.npz", mean=mean, std=std)
    result = {**{k: str(v) for k, v in vars(args).items()}, "cpu_seconds": round(seconds), "clips": len(told.places)}
    if args.test is not None:
        test = read_heard(args.test)
        rows = np.flatnonzero(test.folds == args.without) if args.without is not None else np.arange(len(test.folds))
        values, logits = predict(network, math.floor(args.patches * FRAMES_PER_PATCH), test, rows, mean, std)
        said_values, said_logits = split(test.clip_level()[rows][:, outputs])
        np.savez(args.out / "test.npz", rows=rows, values=values, logits=logits)
        result |= agreement(values, said_values, std)
    print(json.dumps(result), flush=True)
    (args.out / "result.json").write_text(json.dumps(result))


def teach(told: Examples, args: argparse.Namespace) -> tuple[Network, NDArray[np.float32], NDArray[np.float32]]:
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    n_frames = math.floor(args.patches * FRAMES_PER_PATCH)
    sample = rng.permutation(len(told.places))[:4000]
    snippets, values, tags = told.cut(sample, args.patches, n_frames, rng)
    mean, std = values.mean(0), values.std(0) + 1e-3
    n_values, n_tags = values.shape[1], tags.shape[1]
    network = build(parse(args.architecture), SPEC.n_rows, n_frames, n_values + n_tags, NetworkChoices())
    levels = snippets.reshape(-1, SPEC.n_rows)[:: 7].astype(np.float32) / 255.0
    network.row_mean.copy_(torch.from_numpy(levels.mean(0)))
    network.row_std.copy_(torch.from_numpy(levels.std(0) + 1e-3))
    prior = torch.from_numpy(np.log(tags.mean(0) / (1 - tags.mean(0))))
    with torch.no_grad():
        network.output.weight.mul_(0.3)
        network.output.bias[n_values:] = prior
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": args.decay}, {"params": others, "weight_decay": 0.0}], lr=args.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.rate, total_steps=args.steps, pct_start=0.15)
    network.train()
    order: list[int] = []
    running, began = [], time.time()
    for step in range(args.steps):
        if len(order) < args.batch:
            order += rng.permutation(len(told.places)).tolist()
        rows, order = np.array(order[: args.batch]), order[args.batch :]
        snippets, values, tags = told.cut(rows, args.patches, n_frames, rng)
        x = to_input(snippets, torch.device("cpu"))
        with torch.autocast("cpu", torch.bfloat16):
            out = network(x)
        out = out.float()
        wanted = torch.from_numpy((values - mean) / std)
        loss_values = functional.mse_loss(out[:, :n_values], wanted)
        loss_tags = functional.binary_cross_entropy_with_logits(out[:, n_values:], torch.from_numpy(tags))
        loss = loss_values + args.tag_weight * loss_tags
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        running.append((float(loss_values.detach()), float(loss_tags.detach())))
        if (step + 1) % 500 == 0:
            a = np.mean(running[-500:], 0)
            print(f"step {step + 1}: values {a[0]:.4f} tags {a[1]:.4f} ({time.time() - began:.0f} s)", flush=True)
    return network.eval(), mean, std


def predict(
    network: Network, n_frames: int, test: Heard, rows: NDArray[np.int64], mean: NDArray[np.float32], std: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Clip-level values and logits of the songs `rows`, in the teacher's units."""
    from content.snippets import cover

    out = []
    with torch.inference_mode():
        for row in rows:
            pieces = cover(np.asarray(test.images[row, : test.frames[row]]), n_frames)
            out.append(network(to_input(pieces, torch.device("cpu"))).mean(0).numpy())
    result = np.stack(out)
    n = len(mean)
    return result[:, :n] * std + mean, result[:, n:]


def agreement(values: NDArray[np.float32], said: NDArray[np.float32], std: NDArray[np.float32]) -> dict[str, float]:
    """Share of the teacher's variance that is explained, and mean cosine of the standardised centred vectors."""
    a, b = (values - said.mean(0)) / std, (said - said.mean(0)) / std
    r2 = 1 - ((a - b) ** 2).mean(0) / (b**2).mean(0)
    cosine = (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))
    n = 200
    return {"r2": float(r2[:n].mean()), "r2_total": float(1 - ((a - b)[:, :n] ** 2).sum() / (b[:, :n] ** 2).sum()), "cosine": float(cosine.mean())} 


if __name__ == "__main__":
    main()
