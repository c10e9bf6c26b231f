"""What the commands that answer with a list have in common: its options, and where the list goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from recsys.cli.output import echo, print_json, print_table

STDOUT = Path("-")

Count = Annotated[int, typer.Option("-k", min=1, max=10_000, help="How many songs.")]
MaybeCount = Annotated[int | None, typer.Option("-k", min=1, max=10_000, help="How many songs.", show_default=False)]
Minutes = Annotated[
    float | None,
    typer.Option("--minutes", help="About how many minutes, instead of -k.", show_default=False, min=0.1, max=10_000),
]
ArtistCap = Annotated[
    int | None, typer.Option("--artist-cap", min=1, help="At most this many songs of one artist.", show_default=False)
]
AlbumCap = Annotated[
    int | None, typer.Option("--album-cap", min=1, help="At most this many songs of one album.", show_default=False)
]
KeepDuplicates = Annotated[
    bool, typer.Option("--keep-duplicates", help="Also list a recording that the list or a seed already has.")
]
M3u8 = Annotated[
    Path | None,
    typer.Option("--m3u8", help="Write the list as a playlist (.m3u8) for players; - for stdout.", show_default=False),
]
Jspf = Annotated[
    Path | None,
    typer.Option("--jspf", help="Write the list as a playlist (.jspf, JSON); - for stdout.", show_default=False),
]
Relative = Annotated[bool, typer.Option("--relative", help="Write paths as seen from the playlist's folder.")]
Force = Annotated[bool, typer.Option("--force", help="Also write over a file that is no playlist.")]


class Targets(NamedTuple):
    """Where a list goes besides the screen."""

    m3u8: Path | None
    jspf: Path | None
    relative: bool
    force: bool

    def check(self, json: bool) -> None:
        """Refuse what does not go together, and files that must not be overwritten, before anything is computed."""
        from data.playlists.files import check_target

        streams = json + (self.m3u8 == STDOUT) + (self.jspf == STDOUT)
        if streams > 1:
            raise typer.BadParameter("only one of --json, --m3u8 - and --jspf - can go to stdout")
        for path, suffix in ((self.m3u8, ".m3u8"), (self.jspf, ".jspf")):
            if path is None or path == STDOUT:
                continue
            if path.suffix.lower() != suffix:
                raise typer.BadParameter(f"--{suffix[1:]} {path} must end in {suffix}")
            check_target(path, force=self.force)


def deliver(root: Path, answer: dict[str, Any], title: str, targets: Targets, json: bool, table: Callable[[], None]) -> None:
    """Write the playlists that are asked for, then the answer as JSON or table; remarks go to stderr."""
    from recsys.steps.playlist_files import list_text, write_list

    ids = [item["track_id"] for item in answer["items"]]
    for note in answer.get("notes", ()):
        echo(note, err=True)
    written = []
    for path in (targets.m3u8, targets.jspf):
        if path is None:
            continue
        if path == STDOUT:
            form = "m3u8" if path is targets.m3u8 else "jspf"
            told = list_text(root, ids, form, title=title, relative=targets.relative)  # type: ignore[arg-type]
            typer.echo(told["text"], nl=False)
            for place in told["left_out"]:
                echo(f"left out, its path cannot stand in such a file: {place!r}", err=True)
            continue
        done = write_list(root, ids, path, title=title, relative=targets.relative, force=targets.force)
        echo(done.pop("summary"), err=True)
        written.append(done)
    if json:
        print_json(answer | ({"written": written} if written else {}))
    elif STDOUT not in (targets.m3u8, targets.jspf):
        table()
        say_hidden(answer.get("hidden", ()))


def say_hidden(hidden: Sequence[Mapping[str, Any]]) -> None:
    """How many duplicates the list does without, on stderr."""
    if hidden:
        first = hidden[0]
        more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
        line = f"hidden: {first['name']} ({first['track_id']}: {first['why']} as {first['of']}){more}"
        echo(f"{line}; --keep-duplicates lists them", err=True)


def song_table(items: Sequence[Mapping[str, Any]], *, title: str) -> None:
    """A table of songs with their similarity; the title says to what."""
    value = "similarity (1 = same)"
    right = ("#", "length", value)
    columns = ["#", "artist", "title", "id", "length", value, "both (predicted)"]
    rows = [
        [i["rank"], i["artist"], i["title"], i["track_id"], clock(i["duration"]), i["similarity"], ", ".join(i.get("tags", ()))]
        for i in items
    ]
    if not any(i.get("tags") for i in items):
        rows, columns = [row[:-1] for row in rows], columns[:-1]
    print_table(columns, rows, title=title, right=right)


def clock(seconds: float) -> str:
    """Minutes and seconds; "" where unknown."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}" if whole else ""
