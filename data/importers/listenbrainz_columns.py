"""The columns of many sound listens of ListenBrainz at once, for speed; where one of them is odd, each is looked at apart."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from data.importers.lines import Chunk
from data.importers.parsed import BAD_TIME, NO_TIME, Sieve
from data.importers.values import unix_seconds


@cache
def _schema() -> Any:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    info = pa.struct([("recording_mbid", text), ("duration_ms", number), ("duration", number)])
    mapping = pa.struct([("recording_mbid", text)])
    names = [("artist_name", text), ("track_name", text), ("release_name", text)]
    meta = pa.struct([*names, ("additional_info", info), ("mbid_mapping", mapping)])
    return pa.schema([("listened_at", number), ("track_metadata", meta), ("user_name", text)])


def add_listens(chunk: Chunk, sieve: Sieve, *, users: bool) -> bool:
    """Sieve the listens of a chunk, one a line; False, and nothing is done, where any line is something else."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import json as arrow_json

    n = chunk.lines
    if not chunk.data.startswith(b"{") or chunk.data.count(b"\n{") != n - 1:
        return False
    try:
        table = arrow_json.read_json(
            pa.BufferReader(chunk.data),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(chunk.data) + 1),
            parse_options=arrow_json.ParseOptions(explicit_schema=_schema(), unexpected_field_behavior="ignore"),
        ).combine_chunks()
        table.validate(full=True)
    except pa.ArrowInvalid:
        return False
    moment, meta, user = (table.column(name).combine_chunks() for name in ("listened_at", "track_metadata", "user_name"))
    if (
        table.num_rows != n
        or moment.null_count
        or meta.null_count
        or (users and (user.null_count or pc.any(pc.equal(user, "")).as_py()))
    ):
        return False

    def field(*path: str) -> Any:
        return pc.struct_field(meta, list(path))

    own = field("additional_info", "recording_mbid").fill_null("")  # the player's own, surer than what was mapped later
    mapped = field("mbid_mapping", "recording_mbid").fill_null("")
    length, seconds = (
        field("additional_info", name).fill_null(0.0).to_numpy(zero_copy_only=False) for name in ("duration_ms", "duration")
    )
    items = {
        "recording_mbid": pc.if_else(pc.equal(own, ""), mapped, own),
        "artist": field("artist_name"),
        "title": field("track_name"),
        "album": field("release_name"),
        "duration": np.where(length != 0, length / 1000, seconds),
    }
    time = unix_seconds(moment.to_numpy(zero_copy_only=False))
    time[time == NO_TIME] = BAD_TIME
    lines = np.arange(chunk.line, chunk.line + n, dtype=np.int64)
    sieve.add(lines, users=user if users else None, items=items, time=time)
    return True
