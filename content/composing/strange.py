"""`Familiar.strangeness` with gradients: how far an image lies from real songs of what is wished."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from content.composing.familiar import BLOCKS, NEIGHBOURS, Familiar, View
from content.composing.hearing import Wishes
from content.composing.wishing import snippet
from content.pretrained import pretrained_encoder

FREE = 0.9  # as strange as this costs nothing: real songs among their own have 1


def strangeness(real: Mapping[str, Familiar], wishes: Wishes, image: Tensor, *, at: float = 0.5) -> Tensor:
    """How much stranger than `FREE` an image is among songs of what is wished, mean over kinds; a scalar, 0 where none is known.

    Parameters
    ----------
    image : float32 (1, frames, n_rows) in [0, 1].
    at : in [0, 1], where the shipped encoder listens.
    """
    far = []
    for kind, shares in wishes.items():
        if kind not in real:
            continue
        familiar = real[kind]
        encoder = pretrained_encoder()
        views = (
            (familiar.embedding, encoder.module.embed(snippet(image, encoder.n_frames, at))[0]),
            (familiar.statistics, _statistics(image[0], familiar)),
        )
        for value, share in shares.items():
            if value not in familiar.statistics.usual:  # no song carries it alone
                continue
            each = [_distance(view, vector, value) for view, vector in views]
            far.append(share * (torch.stack(each).mean() - FREE).clamp(min=0.0))
    return torch.stack(far).sum() / len(wishes) if far else torch.zeros(())


def _distance(view: View, vector: Tensor, value: str) -> Tensor:
    own = torch.from_numpy(view.vectors[view.values == value])
    here = (vector - torch.from_numpy(view.mean)) * torch.from_numpy(view.scale)
    distances = ((here - own).square().sum(1) + 1e-9).sqrt()
    return distances.topk(min(NEIGHBOURS, len(own)), largest=False).values.mean() / view.usual[value]


def _statistics(image: Tensor, familiar: Familiar) -> Tensor:
    """As `content.statistics.image_statistics`, of the rows that the view knows; image (frames, n_rows)."""
    change = image.diff(dim=0).abs().mean(0)
    deviation = (image.var(0, correction=0) + 1e-8).sqrt()
    rows = familiar.spec.rows
    return torch.cat([part[rows[block]] for block in BLOCKS for part in (image.mean(0), deviation, change)])
