"""What training minimises: cross-entropy over the heads of the output, each song counting only where its label is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import log_softmax, softplus

from content.targets import Head, Targets, balanced_weights
from content.training_config import TrainingConfig


class Wanted(NamedTuple):
    """What one head should say of b snippets.

    Parameters
    ----------
    target : float32 (b, classes). Of a single-valued label a row sums to `mass`.
    mass : float32 (b,), 1 where the song's label is known, 0 where not, in between where two snippets were mixed.
    """

    target: Tensor
    mass: Tensor


def snippet_losses(head: Head, scores: Tensor, wanted: Wanted) -> Tensor:
    """Loss of each snippet in nats, (b,): softmax cross-entropy, or the sum of the classes' binary cross-entropies.

    Parameters
    ----------
    scores : (b, classes), before softmax or sigmoid.
    """
    if head.multi_valued:  # -t log(p) - (mass - t) log(1 - p) with p = sigmoid(score)
        return (wanted.mass[:, None] * softplus(scores) - wanted.target * scores).sum(1)
    return -(wanted.target * log_softmax(scores, 1)).sum(1)


class Objective:
    """The loss over all heads, as a function of what the network says and what the songs carry.

    Parameters
    ----------
    targets : of all songs.
    rows : int (n,), the songs that are trained on; class weights are counted in these.
    """

    def __init__(self, targets: Targets, rows: NDArray[np.int64], config: TrainingConfig, device: torch.device) -> None:
        self.heads = targets.heads
        self.smoothing = config.label_smoothing
        self.sizes = [len(head.classes) for head in targets.heads]
        self.values = [torch.from_numpy(values).to(device) for values in targets.values]  # (songs, classes)
        self.known = [torch.from_numpy(known).to(device).float() for known in targets.known]  # (songs,)
        further = [config.also_multi_weight if head.multi_valued else config.also_weight for head in targets.heads[1:]]
        self.weights = [1.0, *further]
        self.class_weights = [torch.ones(size, device=device) for size in self.sizes]
        if config.class_weights == "balanced":
            for index, head in enumerate(targets.heads):
                if not head.multi_valued:
                    self.class_weights[index] = torch.from_numpy(balanced_weights(targets.values[index][rows])).to(device)

    def wanted(self, songs: Tensor, partners: Tensor | None = None, share: float = 1.0) -> list[Wanted]:
        """What each head should say of snippets of `songs`, int (b,), mixed with `partners` at `share` to 1 - `share`."""
        result = []
        for values, known in zip(self.values, self.known, strict=True):
            target, mass = values[songs], known[songs]
            if partners is not None:
                target = share * target + (1.0 - share) * values[partners]
                mass = share * mass + (1.0 - share) * known[partners]
            result.append(Wanted(target, mass))
        return result

    def loss(self, scores: Tensor, batch: Sequence[Wanted], part: slice) -> Tensor:
        """What the snippets of `part` add to the loss of the whole batch; over all parts it is the weighted mean over the batch.

        Parameters
        ----------
        scores : (snippets in part, outputs).
        batch : of all snippets of the batch, so that every process divides by the same number.
        """
        total = scores.new_zeros(())
        for head, said, wanted, weight, classes in zip(
            self.heads, torch.split(scores, self.sizes, 1), batch, self.weights, self.class_weights, strict=True
        ):
            if head.multi_valued:
                count = wanted.mass.sum()
                losses = snippet_losses(head, said, Wanted(wanted.target[part], wanted.mass[part]))
            else:
                count = (wanted.target * classes).sum()
                smooth = wanted.target[part]
                if self.smoothing:
                    smooth = (1.0 - self.smoothing) * smooth + self.smoothing / len(classes) * wanted.mass[part, None]
                losses = snippet_losses(head, said, Wanted(smooth * classes, wanted.mass[part]))
            # Where no song of the batch carries the label there is no loss either; the least keeps 0 / 0 from being nan.
            total = total + weight * (losses.sum() / count.clamp(min=1e-6))
        return total

    def hits(self, scores: Tensor, batch: Sequence[Wanted], part: slice) -> Tensor:
        """Snippets of `part` whose best-scored class of the primary label is right, and those where it is known; (2,)."""
        target = batch[0].target[part]
        most = target.amax(1)
        best = scores[:, : self.sizes[0]].argmax(1, keepdim=True)
        right = target.gather(1, best).squeeze(1) >= most
        return torch.stack([(right & (most > 0)).sum(), (most > 0).sum()])
