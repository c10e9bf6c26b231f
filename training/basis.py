"""The axes of the shipped embedding: 192 numbers in which distances are those of the teacher's standardised layer.

A network that was taught has learned some 192 numbers from which the teacher's values follow linearly; any invertible map of them
would do as well, and two trainings end in two different ones. So they are replaced by the prediction itself in its 192 widest
axes: the embedding is then in units of the teacher, distances and cosines mean what they mean there, and networks taught with
different songs compare. The axes are turned at random once, so that all numbers vary alike: who standardises columns (an SVM,
a ridge regression) would else blow up the narrowest axes, which hold little but noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from content.network import Network

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """Mean and deviation of each of the teacher's values, float32 (200,)."""

    mean: Floats
    std: Floats


def axes(said: Floats, scale: Scale, size: int, *, seed: int = 0) -> Floats:
    """Orthonormal rows, float32 (size, 200): the widest axes of the teacher's standardised values (n, 200), turned at random."""
    z = ((said - scale.mean) / scale.std).astype(np.float64)
    _, vectors = np.linalg.eigh(np.cov(z, rowvar=False))
    widest = vectors[:, ::-1][:, :size].T  # (size, 200)
    turned, triangle = np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))
    rows: Floats = (turned * np.sign(np.diag(triangle)) @ widest).astype(np.float32)
    return rows


def rebase(network: Network, rows: Floats, scale: Scale, tags: tuple[Floats, Floats], n_values: int) -> None:
    """Let the last hidden layer give the axes `rows` of the predicted values, and the output the tags' logits from them.

    Parameters
    ----------
    tags : the teacher's own last layer, weights (50, 200) and offsets (50,), applied to its values as they are.
    n_values : the network's first outputs are the standardised values.
    """
    hidden, output = network.body[-1], network.output
    assert isinstance(hidden, torch.nn.Linear)
    w, b = output.weight[:n_values].double(), output.bias[:n_values].double()
    p = torch.from_numpy(rows).double()
    weight, offset = p @ w @ hidden.weight.double(), p @ (w @ hidden.bias.double() + b)
    # values = mean + std * (rows' @ embedding); logits = tag weights @ values + tag offsets
    back = torch.from_numpy(scale.std).double()[:, None] * p.T  # (200, size)
    tag_weight = torch.from_numpy(tags[0]).double()
    head = torch.nn.Linear(len(rows), len(tags[0]))
    with torch.no_grad():
        hidden.weight.copy_(weight)
        hidden.bias.copy_(offset)
        head.weight.copy_(tag_weight @ back)
        head.bias.copy_(tag_weight @ torch.from_numpy(scale.mean).double() + torch.from_numpy(tags[1]).double())
    network.output = head
