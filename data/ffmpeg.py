"""Decode with FFmpeg's libraries, in process: every format, and damaged files as far as they go."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.decoded import Decoded, DecodeError, Sampled, peak
from data.errors import InputError
from data.mpeg import walk

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer

WINDOW_PACKETS = 12  # packets of one probed window; mp3 gives sound only when its bit reservoir is filled
# Streams without a container: FFmpeg's duration of these is only a guess from the bit rate.
HEADERLESS = frozenset({"aac", "ac3", "dts", "eac3", "mp3"})


def decode(path: Path, start_s: float, seconds: float | None) -> Decoded:
    """Decode with FFmpeg; damaged packets are skipped. Raises DecodeError, or InputError where there is no audio stream.

    Decodes from the beginning also where `start_s` > 0: exact in every container, which seeking is not. Channels are kept as they
    are: FFmpeg's own down-mix to float raises stereo by 3 dB.
    """
    import av

    blocks: list[NDArray[np.float32]] = []
    rate = channels = got = before = 0
    stop: float = np.inf
    ticks = 0
    with _container(path) as (container, stream):
        for packet in _packets(container, stream):
            ticks += packet.duration or 0
            if got >= stop:
                break
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if not rate:
                    rate, channels = frame.sample_rate, frame.layout.nb_channels
                    stop = np.inf if seconds is None else round((start_s + seconds) * rate)
                if (frame.sample_rate, frame.layout.nb_channels) == (rate, channels):
                    blocks.append(_samples(frame))
                    got += len(blocks[-1])
                    if got <= start_s * rate:  # before the window: not kept, or ten hours would fill the memory
                        blocks[:], before = [blocks[-1][:0]], got
        promised = _header_s(container, stream, path) or (_seconds(ticks, stream) if got < stop else 0.0)
        name = _codec(stream)
    if not blocks:
        raise DecodeError("no packet of its audio stream can be decoded")
    start = round(start_s * rate) - before
    kept = np.concatenate(blocks)
    return Decoded(kept[start : None if seconds is None else start + round(seconds * rate)], rate, promised, name)


def sample(path: Path) -> Sampled:
    """Count the packets and decode three windows with FFmpeg. Raises DecodeError, or InputError without an audio stream."""
    import av

    with _container(path) as (container, stream):
        packets = [packet for packet in _packets(container, stream) if packet.size]
        in_packets = _seconds(sum(packet.duration or 0 for packet in packets), stream)
        promised = _header_s(container, stream, path) or in_packets
        sound, loudest = in_packets >= 0.99 * promised, 0.0
        middle = max(0, len(packets) // 2 - WINDOW_PACKETS // 2)
        for window in (packets[:WINDOW_PACKETS], packets[middle : middle + WINDOW_PACKETS], packets[-WINDOW_PACKETS:]):
            heard = 0
            stream.codec_context.flush_buffers()
            for packet in window:
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    sound = False
                    break
                for frame in frames:
                    heard += frame.samples
                    loudest = max(loudest, peak(_samples(frame)))
            sound &= heard > 0
        context = stream.codec_context
        return Sampled(promised, context.sample_rate, context.channels, _codec(stream), loudest, sound)


@contextlib.contextmanager
def _container(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    import av

    av.logging.set_level(av.logging.PANIC)
    try:
        # The whitelist keeps a playlist dressed up as a song from opening addresses on the network.
        with av.open(f"file:{os.fspath(path)}", options={"protocol_whitelist": "file"}, metadata_errors="replace") as container:
            if not container.streams.audio:
                kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "none"
                raise InputError(f"{path} has no audio stream (streams: {kinds})", code="no-audio-stream")
            yield container, container.streams.audio[0]
    except av.FFmpegError as error:
        raise DecodeError(error.strerror or str(error)) from None


def _packets(container: InputContainer, stream: AudioStream) -> Iterator[Packet[AudioStream]]:
    """The stream's packets up to the first that cannot even be cut out of the container."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            yield next(packets)
        except (StopIteration, av.FFmpegError):
            return


def _codec(stream: AudioStream) -> str:
    return str(stream.codec_context.name).removesuffix("float")  # "mp3float" is how FFmpeg decodes mp3


def _seconds(ticks: int, stream: AudioStream) -> float:
    """Length of packets, summed in ticks: a fraction a packet would cost more than cutting the packet out."""
    return float(ticks * stream.time_base) if stream.time_base else 0.0


def _header_s(container: InputContainer, stream: AudioStream, path: Path) -> float:
    """Length by the header, seconds; 0 where the container has none."""
    if container.format.name in HEADERLESS and not (container.format.name == "mp3" and _has_length_tag(path)):
        return 0.0
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else 0.0


def _has_length_tag(path: Path) -> bool:
    stream = walk(path)
    return stream is not None and stream.tag is not None


def _samples(frame: AudioFrame) -> NDArray[np.float32]:
    """One frame of any sample format as float32 (n, channels)."""
    block = frame.to_ndarray()  # planar: (channels, n); packed: (1, n * channels)
    block = block.T if frame.format.is_planar else block.reshape(-1, frame.layout.nb_channels)
    if block.dtype.kind == "f":
        return block.astype(np.float32)
    scale = np.float32(2.0 ** (8 * block.dtype.itemsize - 1))
    offset = np.float32(128 if block.dtype == np.uint8 else 0)
    return (block.astype(np.float32) - offset) / scale
