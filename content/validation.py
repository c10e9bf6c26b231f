"""Artists held out of training, and what the network says of their songs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import log_softmax

from content.distributed import ALONE, Processes
from content.network import Network, to_inputs
from content.objective import Wanted, snippet_losses
from content.snippets import cover
from content.targets import Targets
from data.errors import InputError

log = logging.getLogger(__name__)
_STREAM = (0, 2)  # epochs are counted from 1: none of them draws from this one


def validation_songs(artists: Sequence[str], targets: Targets, share: float, seed: int) -> NDArray[np.bool_]:
    """Which songs are held out: all of a random `share` of the artists who have a song with the primary label; bool (songs,).

    Parameters
    ----------
    artists : one a song; "" where unknown, then the song is an artist of its own. Empty: unknown for all.
    share : in [0, 1); 0 holds out nothing.

    Raises
    ------
    InputError : too few artists, or training is left with fewer than two classes.
    """
    known = targets.known[0]
    if not share:
        return np.zeros(len(known), np.bool_)
    names = list(artists) or [""] * len(known)
    groups = np.array([name or f"\0{song}" for song, name in enumerate(names)])
    candidates = np.unique(groups[known])
    count = round(share * len(candidates))
    rng = np.random.default_rng((seed, *_STREAM))
    held = np.isin(groups, rng.permutation(candidates)[:count])
    if not count or targets.values[0][~held].any(axis=0).sum() < min(2, len(targets.heads[0].classes)):
        raise InputError(
            f"validation_share={share} of {len(candidates)} artists leaves too little to validate on or to train on",
            code="too-few-groups",
        )
    log.info("%d songs of %d artists are held out for validation", held.sum(), count)
    return held


@torch.inference_mode()
def validate(
    network: Network,
    weights: Mapping[str, Tensor],
    images: Sequence[NDArray[np.uint8]],
    songs: NDArray[np.int64],
    targets: Targets,
    n_frames: int,
    processes: Processes = ALONE,
) -> tuple[float, float]:
    """What the network, with `weights` in place of its own, says of the primary label of `songs`.

    Returns
    -------
    loss : nats, the mean over songs of the mean over the snippets that cover each.
    accuracy : share of songs whose best class, by the snippets' mean log-probability, is right.
    """
    head, device = targets.heads[0], network.row_mean.device
    network.eval()
    sums = torch.zeros(2)  # loss, songs that are right
    for song in songs[processes.rank :: processes.size].tolist():
        pieces = to_inputs(cover(images[song], n_frames), device)
        said = torch.cat([functional_call(network, dict(weights), (x,)) for x in pieces])  # (snippets, outputs)
        scores = said[:, : len(head.classes)].float().cpu()
        target = torch.from_numpy(targets.values[0][song]).expand(len(scores), -1)
        vote = (scores if head.multi_valued else log_softmax(scores, 1)).mean(0)
        sums[0] += snippet_losses(head, scores, Wanted(target, torch.ones(len(scores)))).mean()
        sums[1] += target[0, vote.argmax()]
    network.train()
    processes.sum_([sums])
    return float(sums[0]) / len(songs), float(sums[1]) / len(songs)


def best_epoch(losses: Sequence[float | None]) -> int:
    """The epoch, counted from 1, of the lowest validation loss; without validation the last. 0 if there is none."""
    known = [loss for loss in losses if loss is not None]
    return 1 + known.index(min(known)) if known else len(losses)


def patience_is_over(losses: Sequence[float | None], patience: int) -> bool:
    """Whether the last `patience` epochs have brought nothing better; never for patience 0."""
    return patience > 0 and len(losses) - best_epoch(losses) >= patience
