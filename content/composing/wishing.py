"""How far an image is from what is wished, as networks see it, with gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from content.composing.hearing import Networks, Wishes
from content.encoder import Encoder


def pleased(networks: Networks, wishes: Wishes, image: Tensor, *, enough: float, at: float = 0.5) -> Tensor:
    """How well an image fulfils the wishes, (batch,); higher is better.

    A soft minimum over kinds and networks, -log mean exp(-x): the one that is least pleased has the say.

    Of each network: the log-odds of the wished values together against all others, flattened above `enough`, so that a network
    that is sure already leaves the word to the others; less the cross-entropy of the shares among the wished values.

    Parameters
    ----------
    image : float32 (batch, frames, n_rows) in [0, 1].
    at : in [0, 1], where a network looks whose snippet is shorter than the image.
    """
    told = [
        _of_network(network, shares, image, enough, at) for kind, shares in wishes.items() for network in networks[kind].values()
    ]
    pleas = torch.stack(told)  # (networks of all kinds, batch)
    return math.log(len(pleas)) - (-pleas).logsumexp(0)


def _of_network(network: Encoder, shares: Mapping[str, float], image: Tensor, enough: float, at: float) -> Tensor:
    scores = network.module(snippet(image, network.n_frames, at))[:, : len(network.classes)]  # (batch, classes)
    columns = [network.classes.index(value) for value in shares]
    weights = torch.tensor(list(shares.values()), dtype=image.dtype)
    wished = scores[:, columns]
    if network.heads[0].multi_valued:  # each has odds of its own
        return _flattened(wished, enough) @ weights
    others = [column for column in range(scores.shape[1]) if column not in columns]
    among = functional.log_softmax(wished, 1) @ weights
    if not others:
        return among
    return _flattened(wished.logsumexp(1) - scores[:, others].logsumexp(1), enough) + among


def _flattened(odds: Tensor, enough: float) -> Tensor:
    return enough - functional.softplus(enough - odds)


def snippet(image: Tensor, n_frames: int, at: float) -> Tensor:
    """(batch, frames, rows) as a network reads it, (batch, 1, rows, n_frames); what is too short is repeated."""
    frames = image.shape[1]
    first = round(at * max(0, frames - n_frames))
    return image[:, (first + torch.arange(n_frames)) % frames].transpose(1, 2).unsqueeze(1)
