"""Songs through a trained encoder: embeddings and class probabilities."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import log_softmax, logsigmoid

from content.encoder import Encoder, torch_device, torch_threads
from content.network import Network, to_inputs
from content.snippets import cover
from data.errors import InputError


def embed(
    encoder: Encoder,
    images: Sequence[NDArray[np.uint8]],
    *,
    device: str = "auto",
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Embedding and class probabilities of each song, from snippets that cover it without overlap.

    One song at a time goes through the network, hence its result does not depend on the songs around it, to the last bit.

    Parameters
    ----------
    images : one a song, uint8 (frames, n_rows).
    device : "auto", "cpu" or "cuda".
    threads : CPU threads for torch, or None to leave them as they are.
    progress : called after each song with (songs done, songs in all).

    Returns
    -------
    vectors : float32 (songs, embedding_size), the mean of the snippets' last hidden layer (paper, section 6).
    log_probabilities : float32 (songs, classes), the mean of the snippets' log-probabilities, brought back to sum 1: the snippets
        vote, and one that is sure weighs more. These are the primary label's; if a song may carry several of its values, each
        has a probability of its own, from the mean of the snippets' log-odds.

    Raises
    ------
    InputError : an image does not fit the encoder.
    """
    vectors = np.zeros((len(images), encoder.architecture.embedding_size), np.float32)
    log_probabilities = np.zeros((len(images), len(encoder.classes)), np.float32)
    with _ready(encoder, device, threads) as network:
        for song in range(len(images)):
            hidden, scores = _song(network, encoder, images[song])
            vectors[song] = hidden.mean(0).cpu().numpy()
            log_probabilities[song] = _vote(encoder, scores).cpu().numpy()
            if progress:
                progress(song + 1, len(images))
    return vectors, log_probabilities


def snippet_log_probabilities(
    encoder: Encoder, image: NDArray[np.uint8], *, device: str = "auto", threads: int | None = None
) -> NDArray[np.float32]:
    """Log-probabilities of each snippet of one song, float32 (snippets, classes), in the order of `encoder.classes`."""
    with _ready(encoder, device, threads) as network:
        _, scores = _song(network, encoder, image)
        said = logsigmoid(scores) if encoder.heads[0].multi_valued else log_softmax(scores, 1)
        result: NDArray[np.float32] = said.cpu().numpy()
    return result


def _vote(encoder: Encoder, scores: Tensor) -> Tensor:
    """Log-probabilities of a song, (classes,), from its snippets' scores (snippets, classes)."""
    if encoder.heads[0].multi_valued:
        return logsigmoid(scores.mean(0))
    return log_softmax(log_softmax(scores, 1).mean(0), 0)


@contextlib.contextmanager
def _ready(encoder: Encoder, device: str, threads: int | None) -> Iterator[Network]:
    """The network on its device, without gradients; the encoder's own module stays where it is."""
    target = torch_device(device)
    network = encoder.module if target.type == "cpu" else copy.deepcopy(encoder.module).to(target)
    with torch_threads(threads), torch.inference_mode():
        yield network


def _song(network: Network, encoder: Encoder, image: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """Last hidden layer (snippets, embedding_size) and the primary label's scores (snippets, classes) of one song."""
    if image.dtype != np.uint8 or image.ndim != 2 or image.shape[1] != encoder.n_rows or not len(image):
        raise InputError(
            f"embedding: an image is {image.dtype} {image.shape}, this encoder reads uint8 (frames, {encoder.n_rows})",
            code="bad-image",
        )
    pieces = to_inputs(cover(image, encoder.n_frames), network.row_mean.device)
    hidden = torch.cat([network.embed(x) for x in pieces])
    return hidden, network.output(hidden)[:, : len(encoder.classes)]
