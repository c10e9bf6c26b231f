"""Tiny sets in the original formats of the public ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CRLF = "\r\n"


def write_lastfm2k(folder: Path, *, users: int = 40, artists: int = 30, seed: int = 0) -> Path:
    """Two tastes: even users play even artists and tag them 1, odd ones odd artists and tag them 2; one tag of ISO-8859-1.

    Besides, every artist is tagged by user 1 or 2 of its taste, who may not listen to it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    plays, tags = [], set()
    for user in range(1, users + 1):
        mine = [a for a in range(1, artists + 1) if a % 2 == user % 2]
        for artist in rng.choice(mine, min(9, len(mine)), replace=False).tolist():
            plays.append((user, artist, int(rng.integers(1, 900))))
            tags.add((user, artist, 1 + user % 2))
    for artist in range(1, artists + 1):
        for user in (3 + artist % 2, 1 + (artist + 1) % 2):
            tags.update({(user, artist, 1 + artist % 2), (user, artist, 3 + artist % 2), (user, artist, 5 + artist % 6)})
    table(folder / "user_artists.dat", ("userID", "artistID", "weight"), plays)
    header = ("userID", "artistID", "tagID", "day", "month", "year")
    table(folder / "user_taggedartists.dat", header, [(*row, 1, 4, 2009) for row in sorted(tags)])
    (folder / "tags.dat").write_bytes("tagID\ttagValue\r\n1\tcafé\r\n2\tmetal\r\n".encode("latin-1"))
    (folder / "artists.dat").write_bytes(b'id\tname\turl\tpictureURL\n1\t"Weird" Al\thttp\thttp\n')
    return folder


def table(path: Path, header: tuple[str, ...], rows: list[tuple[int, ...]]) -> None:
    """A tab separated table with CRLF line ends, as HetRec has it."""
    lines = ["\t".join(header), *("\t".join(map(str, row)) for row in rows)]
    path.write_bytes((CRLF.join(lines) + CRLF).encode())


def write_citeulike(folder: Path, *, users: int = 24, items: int = 40, seed: int = 0) -> Path:
    """Two tastes again: words of even articles are even. P=1: one train article a user; P=10: four; the rest is for testing."""
    (folder / "cvae_split").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    lines = []
    for item in range(items):
        words = sorted({2 * int(w) + item % 2 for w in rng.integers(0, 8, 5)})
        lines.append(" ".join([str(len(words)), *(f"{word}:{rng.integers(1, 4)}" for word in words)]))
    lines[-1] = "0"  # an article without words
    (folder / "mult.dat").write_text("\n".join(lines))  # without a line end at the end, as published
    tastes = [rng.permutation([i for i in range(items) if i % 2 == user % 2])[:8].tolist() for user in range(users)]
    for protocol, train in ((1, 1), (10, 4)):
        for name, of_users in (("train", [t[:train] for t in tastes]), ("test", [t[train:] for t in tastes])):
            text = "".join(" ".join(map(str, (len(ids), *ids))) + "\n" for ids in of_users)
            (folder / "cvae_split" / f"cf-{name}-{protocol}-users.dat").write_text(text)
    return folder
