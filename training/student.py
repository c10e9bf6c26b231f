"""Teaching: a network of our notation learns what the teacher says of stretches of songs."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from content.network import Network, build, to_input
from content.notation import parse
from content.optimisation import make_optimizer
from content.shapes import NetworkChoices
from content.snippets import cover
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from training.basis import Scale
from training.heard import FRAMES_PER_PATCH, Examples, Heard

SPEC = HyperImageSpec()
CPU = torch.device("cpu")
SAMPLE = 4000  # examples from which means and deviations are taken
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How a student is taught.

    Parameters
    ----------
    architecture : in our notation; its last hidden layer has the 192 values.
    patches : length of a snippet in the teacher's patches of 3 s.
    steps, batch : of AdamW, one cycle; `rate` is the greatest learning rate, `decay` the weight decay.
    tag_weight : of the tags' cross-entropy beside the values' squared error.
    mixed_precision : bfloat16 where it is safe.
    """

    architecture: str
    patches: int = 2
    steps: int = 2000
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.02
    warmup: float = 0.15
    tag_weight: float = 1.0
    mixed_precision: bool = True
    seed: int = 0

    @property
    def n_frames(self) -> int:
        """Frames of a snippet."""
        return math.floor(self.patches * FRAMES_PER_PATCH)


@dataclass(frozen=True, eq=False)
class Student:
    """A network that tells the teacher's values, standardised by `scale`, and behind them the tags' logits."""

    network: Network
    scale: Scale
    n_frames: int

    def save(self, folder: Path) -> None:
        """Write network.pt and scale.npz."""
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(self.network.state_dict(), folder / "network.pt")
        np.savez(folder / "scale.npz", mean=self.scale.mean, std=self.scale.std)


def load_student(folder: Path, recipe: Recipe) -> Student:
    """What `Student.save` wrote."""
    state = torch.load(folder / "network.pt", weights_only=True)
    network = build(parse(recipe.architecture), SPEC.n_rows, recipe.n_frames, len(state["output.bias"]), NetworkChoices())
    network.load_state_dict(state)
    return Student(network.eval(), Scale(**np.load(folder / "scale.npz")), recipe.n_frames)


def teach(told: Examples, recipe: Recipe, start: Student | None = None) -> Student:
    """A student that has heard `told`; from random weights, or going on from another."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    student = _beginner(told, recipe, rng) if start is None else _rescaled(start, _scale(told, recipe, rng))
    network, scale = student.network.train(), student.scale
    optimizer = make_optimizer(network, TrainingConfig(optimizer="adamw", weight_decay=recipe.decay))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, recipe.steps, pct_start=recipe.warmup)
    order: list[int] = []
    losses = np.zeros((recipe.steps, 2))
    for step in range(recipe.steps):
        if len(order) < recipe.batch:
            order += rng.permutation(len(told.places)).tolist()
        rows, order = np.array(order[: recipe.batch]), order[recipe.batch :]
        of_values, of_tags = _losses(network, told, rows, recipe, scale, rng)
        optimizer.zero_grad()
        (of_values + recipe.tag_weight * of_tags).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses[step] = of_values.item(), of_tags.item()
        if (step + 1) % 500 == 0:
            log.info("step %d: values %.4f, tags %.4f", step + 1, *losses[step - 499 : step + 1].mean(0))
    return Student(network.eval(), scale, recipe.n_frames)


def _scale(told: Examples, recipe: Recipe, rng: np.random.Generator) -> Scale:
    """Mean and deviation of the teacher's values over a sample of stretches."""
    _, values, _ = told.cut(rng.permutation(len(told.places))[:SAMPLE], recipe.patches, recipe.n_frames, rng)
    return Scale(values.mean(0), values.std(0) + np.float32(1e-3))


def _rescaled(student: Student, scale: Scale) -> Student:
    """The same student with its values in another standardisation."""
    output, old, n = student.network.output, student.scale, len(scale.mean)
    with torch.no_grad():
        output.weight[:n] *= torch.from_numpy(old.std / scale.std)[:, None]
        output.bias[:n] = output.bias[:n] * torch.from_numpy(old.std / scale.std) + torch.from_numpy(
            (old.mean - scale.mean) / scale.std
        )
    return Student(student.network, scale, student.n_frames)


def _beginner(told: Examples, recipe: Recipe, rng: np.random.Generator) -> Student:
    """Random weights; rows, values and the tags' offsets brought to the means of a sample."""
    snippets, values, tags = told.cut(rng.permutation(len(told.places))[:SAMPLE], recipe.patches, recipe.n_frames, rng)
    scale = Scale(values.mean(0), values.std(0) + np.float32(1e-3))
    outputs = values.shape[1] + tags.shape[1]
    network = build(parse(recipe.architecture), SPEC.n_rows, recipe.n_frames, outputs, NetworkChoices())
    levels = snippets.reshape(-1, SPEC.n_rows)[::7].astype(np.float32) / 255.0
    network.row_mean.copy_(torch.from_numpy(levels.mean(0)))
    network.row_std.copy_(torch.from_numpy(levels.std(0) + np.float32(1e-3)))
    with torch.no_grad():
        network.output.weight.mul_(0.3)  # so that the first predictions stay near the means
        network.output.bias[values.shape[1] :] = torch.from_numpy(np.log(tags.mean(0) / (1.0 - tags.mean(0))))
    return Student(network, scale, recipe.n_frames)


def _losses(
    network: Network, told: Examples, rows: NDArray[np.int64], recipe: Recipe, scale: Scale, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Squared error of the standardised values, and cross-entropy of the tags."""
    snippets, values, tags = told.cut(rows, recipe.patches, recipe.n_frames, rng)
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.mixed_precision):
        outputs = network(to_input(snippets, CPU))
    outputs, n = outputs.float(), values.shape[1]
    wanted = torch.from_numpy((values - scale.mean) / scale.std)
    of_values = functional.mse_loss(outputs[:, :n], wanted)
    return of_values, functional.binary_cross_entropy_with_logits(outputs[:, n:], torch.from_numpy(tags))


def predict(student: Student, heard: Heard, clips: NDArray[np.integer]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The teacher's values, in its units, and the tags' logits of whole clips, the mean over snippets that cover each."""
    outputs = []
    with torch.inference_mode():
        for clip in clips:
            snippets = cover(np.asarray(heard.images[clip, : heard.frames[clip]]), student.n_frames)
            outputs.append(student.network(to_input(snippets, CPU)).mean(0).numpy())
    table, n = np.stack(outputs), len(student.scale.mean)
    return table[:, :n] * student.scale.std + student.scale.mean, table[:, n:]


def agreement(values: NDArray[np.float32], said: NDArray[np.float32], scale: Scale) -> dict[str, float]:
    """Share of the variance of the standardised values that is explained, and the mean cosine of the standardised ones."""
    a, b = (values - scale.mean) / scale.std, (said - scale.mean) / scale.std
    cosine = (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))
    return {"r2": float(1 - ((a - b) ** 2).sum() / (b * b).sum()), "cosine": float(cosine.mean())}
