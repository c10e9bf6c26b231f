"""The layers of the notation as torch modules; each maps (batch, channels, rows, frames), or (batch, neurons) after pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

Size = tuple[int, int]


class PaddedConvolution(nn.Conv2d):
    """A convolution with the zeros of the chosen padding."""

    def __init__(
        self, channels: int, depth: int, size: Size, stride: Size, padding: str, *, groups: int = 1, bias: bool = True
    ) -> None:
        super().__init__(channels, depth, size, stride, groups=groups, bias=bias)
        self.same = padding == "same"

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, depth, ceil(rows / stride), ceil(frames / stride))."""
        if self.same:
            x = functional.pad(x, edges(x, (self.kernel_size[0], self.kernel_size[1]), (self.stride[0], self.stride[1])))
        return super().forward(x)


class TemporalConvolution(PaddedConvolution):
    """A convolution over frames whose kernel spans all rows: rows are laid among the channels."""

    def __init__(self, channels: int, rows: int, depth: int, field: int, stride: int, padding: str) -> None:
        super().__init__(channels * rows, depth, (1, field), (1, stride), padding)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, depth, 1, ceil(frames / stride))."""
        return super().forward(x.flatten(1, 2).unsqueeze(2))


class PaddedMaxPool(nn.Module):
    """The greatest value of each window."""

    def __init__(self, size: int, stride: int, padding: str) -> None:
        super().__init__()
        self.size, self.stride, self.same = size, stride, padding == "same"

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, channels, ceil(rows / stride), ceil(frames / stride))."""
        if self.same:
            x = functional.pad(x, edges(x, (self.size, self.size), (self.stride, self.stride)), value=-math.inf)
        return functional.max_pool2d(x, self.size, self.stride)


class BatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation of channels or neurons (Ioffe, Szegedy, ICML 2015).

    A batch of one sample without rows and frames has no spread: it is normalised by the running statistics, in training, too.
    """

    def _check_input_dim(self, x: Tensor) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`."""
        if self.training and x.numel() == x.shape[1]:
            assert self.running_mean is not None  # always built with them
            assert self.running_var is not None
            return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        y: Tensor = super().forward(x)
        return y


class Separable(nn.Sequential):
    """A convolution of each channel by itself, then a mixture of the channels at each point (Chollet, CVPR 2017)."""

    def __init__(self, channels: int, depth: int, size: Size, stride: Size, padding: str) -> None:
        super().__init__(
            PaddedConvolution(channels, channels, size, stride, padding, groups=channels),
            PaddedConvolution(channels, depth, (1, 1), (1, 1), padding),
        )


class Residual(nn.Module):
    """ReLU of two normalised convolutions plus the input (He, Zhang, Ren, Sun, CVPR 2016).

    Where depth or stride change the shape, a 1 x 1 convolution makes the input fit.
    """

    def __init__(self, channels: int, depth: int, size: Size, stride: Size, *, fits: bool) -> None:
        super().__init__()
        self.way = nn.Sequential(
            PaddedConvolution(channels, depth, size, stride, "same", bias=False),
            BatchNorm(depth),
            nn.ReLU(inplace=True),
            PaddedConvolution(depth, depth, size, (1, 1), "same", bias=False),
            BatchNorm(depth),
        )
        fit = [] if fits else [PaddedConvolution(channels, depth, (1, 1), stride, "same", bias=False), BatchNorm(depth)]
        self.shortcut = nn.Sequential(*fit)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, depth, ceil(rows / stride), ceil(frames / stride))."""
        return functional.relu(self.way(x) + self.shortcut(x))


class Recurrent(nn.Module):
    """A gated recurrent unit that reads the frames in both directions (Cho et al., EMNLP 2014)."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, units, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, 2 * units, 1, frames)."""
        states, _ = self.gru(x.flatten(1, 2).transpose(1, 2))  # (batch, frames, 2 * units)
        y: Tensor = states.transpose(1, 2).unsqueeze(2)
        return y


class GlobalPool(nn.Module):
    """Mean, maximum and standard deviation of each channel over all rows and frames."""

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, 3 * channels), float32."""
        x = x.flatten(2).float()  # (batch, channels, rows * frames)
        return torch.cat((x.mean(2), x.amax(2), _deviation(x)), 1)


class Moments(nn.Module):
    """Mean, standard deviation and mean absolute change from frame to frame of each row of each channel."""

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, 3 * channels * rows), float32; one frame has no change, 0."""
        x = x.flatten(1, 2).float()  # (batch, channels * rows, frames)
        change = (x[:, :, 1:] - x[:, :, :-1]).abs().sum(2) / max(1, x.shape[2] - 1)
        return torch.cat((x.mean(2), _deviation(x), change), 1)


class Attention(nn.Module):
    """A weighted mean over the frames for each head; weights are a softmax over frames of a linear map of what they hold.

    (Attentive pooling as in Okabe, Koshinaka, Shinoda, Interspeech 2018, without the hidden layer.)
    """

    def __init__(self, inputs: int, heads: int) -> None:
        super().__init__()
        self.score = nn.Linear(inputs, heads)
        nn.init.zeros_(self.score.weight)  # at first all frames weigh the same
        nn.init.zeros_(self.score.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, heads * channels * rows)."""
        x = x.flatten(1, 2).transpose(1, 2)  # (batch, frames, inputs)
        weights = self.score(x).softmax(1)  # (batch, frames, heads)
        y: Tensor = (weights.transpose(1, 2) @ x.to(weights.dtype)).flatten(1)
        return y


class Branches(nn.Module):
    """Several ways from one input; their ends are flattened and laid side by side."""

    ways: Sequence[nn.Sequential]

    def __init__(self, ways: Sequence[nn.Sequential]) -> None:
        super().__init__()
        self.ways = nn.ModuleList(ways)  # type: ignore[assignment]

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, rows, frames) -> (batch, neurons)."""
        return torch.cat([way(x).flatten(1).float() for way in self.ways], 1)


def edges(x: Tensor, size: Size, stride: Size) -> list[int]:
    """TensorFlow's SAME padding as `functional.pad` wants it: [frames before, after, rows before, after]."""
    padding = []
    for n, window, step in ((x.shape[-1], size[1], stride[1]), (x.shape[-2], size[0], stride[0])):
        total = max(0, (math.ceil(n / step) - 1) * step + window - n)
        padding += [total // 2, total - total // 2]
    return padding


def _deviation(x: Tensor) -> Tensor:
    """Standard deviation over the last axis; a little is added to the variance, for its root has no slope at 0."""
    deviation: Tensor = (x.var(2, correction=0) + 1e-5).sqrt()
    return deviation
