"""Local response normalisation, about twice as fast in a training step as `torch.nn.LocalResponseNorm`.

    y[c] = x[c] * s[c] ** -beta,    s[c] = k + alpha * sum over |d - c| <= n // 2 of x[d] ** 2

(Krizhevsky, Sutskever, Hinton, NIPS 2012, section 3.3.) torch computes the sum as a 3-D average pool and the power with
`pow`; here the sum is one matrix product over the channels with a banded matrix of ones, the power -3/4 is r * sqrt(r)
with r = 1 / sqrt(s), and the backward pass is written out.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional


class LocalResponseNorm(nn.Module):
    """Normalise each channel by its neighbours.

    Parameters
    ----------
    channels : channels of the input.
    size : n, channels in the sum, odd; the channel itself and (n - 1) / 2 on either side.
    alpha : factor of the sum. (`torch.nn.LocalResponseNorm` divides its alpha by n, TensorFlow and the formula above do not.)
    beta : exponent.
    k : offset, above 0.
    """

    band: Tensor

    def __init__(self, channels: int, *, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.alpha, self.beta, self.k = alpha, beta, k
        index = torch.arange(channels)
        near = (index[:, None] - index[None, :]).abs() <= size // 2
        # As the weight of a 1 x 1 convolution; it follows from `size`, so it is not stored with the weights.
        self.register_buffer("band", near.float()[:, :, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x`, (batch, channels, rows, frames) in any float type and memory format; same shape and type."""
        y: Tensor = _LocalResponse.apply(x, self.band.to(x.dtype), self.alpha, self.beta, self.k)  # type: ignore[no-untyped-call]
        return y


class _LocalResponse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, band: Tensor, alpha: float, beta: float, k: float) -> Tensor:
        s = functional.conv2d(x * x, band).mul_(alpha).add_(k)  # (batch, channels, rows, frames)
        factor = _negative_power(s, beta)
        ctx.save_for_backward(x, band, s, factor)
        ctx.alpha, ctx.beta = alpha, beta
        return x * factor

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        # dL/dx[c] = g[c] f[c] - 2 alpha beta x[c] * sum over near d of g[d] x[d] f[d] / s[d],  with f = s ** -beta
        x, band, s, factor = ctx.saved_tensors
        direct = gradient * factor
        across = functional.conv2d((direct * x).div_(s), band)  # the band is symmetric
        return direct.addcmul_(across, x, value=-2 * ctx.alpha * ctx.beta), None, None, None, None


def _negative_power(s: Tensor, beta: float) -> Tensor:
    """`s ** -beta` for s > 0, without `pow` for the usual exponents."""
    r = s.rsqrt()
    if beta == 0.75:
        return r * r.sqrt()
    if beta == 0.5:
        return r
    return s.pow(-beta)
