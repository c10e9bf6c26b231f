"""Commands that answer with songs by their sound: similar, path, playlist, reorder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.tracks import Track
from recsys.cli.app import JsonOption, app
from recsys.cli.list_output import (
    AlbumCap,
    ArtistCap,
    Count,
    Force,
    Jspf,
    KeepDuplicates,
    M3u8,
    MaybeCount,
    Minutes,
    Relative,
    Targets,
    deliver,
    song_table,
)
from recsys.cli.output import echo, print_json, print_table

Song = typer.Argument(help='A song: its id, the path of its file, "Artist - Title" or a title.', show_default=False)


@app.command()
def similar(
    context: typer.Context,
    song: Annotated[str, Song],
    k: Count = 10,
    artist_cap: ArtistCap = None,
    album_cap: AlbumCap = None,
    keep_duplicates: KeepDuplicates = False,
    m3u8: M3u8 = None,
    jspf: Jspf = None,
    relative: Relative = False,
    force: Force = False,
    json: JsonOption = False,
) -> None:
    """Songs that sound alike; similarity lies in [0, 1], 1 = same."""
    from recsys.steps.similar import similar as step

    targets = Targets(m3u8, jspf, relative, force)
    targets.check(json)
    answer = step(context.obj, song, k=k, artist_cap=artist_cap, album_cap=album_cap, keep_duplicates=keep_duplicates)
    title = f"Sounds like {answer['name']}"
    table = lambda: song_table(answer["items"], title=title)  # noqa: E731
    deliver(context.obj, answer, title, targets, json, table)


@app.command()
def path(
    context: typer.Context,
    start: Annotated[str, Song],
    end: Annotated[str, Song],
    k: MaybeCount = None,
    minutes: Minutes = None,
    artist_cap: ArtistCap = None,
    album_cap: AlbumCap = None,
    keep_duplicates: KeepDuplicates = False,
    m3u8: M3u8 = None,
    jspf: Jspf = None,
    relative: Relative = False,
    force: Force = False,
    json: JsonOption = False,
) -> None:
    """A smooth way from one song to another, both included; 10 songs unless -k or --minutes says otherwise."""
    from recsys.steps.journey import path as step

    targets = Targets(m3u8, jspf, relative, force)
    targets.check(json)
    if k is not None and minutes is not None:
        raise typer.BadParameter("-k and --minutes do not go together")
    answer = step(
        context.obj,
        start,
        end,
        k=k,
        minutes=minutes,
        artist_cap=artist_cap,
        album_cap=album_cap,
        keep_duplicates=keep_duplicates,
    )
    first, last = answer["items"][0], answer["items"][-1]
    start_name, end_name = (Track(end["track_id"], "", end["artist"], end["title"]).name for end in (first, last))
    title = f"From {start_name} to {end_name}"
    table = lambda: song_table(answer["items"], title=f"{title}; similarity to the song before")  # noqa: E731
    deliver(context.obj, answer, title, targets, json, table)


@app.command()
def playlist(
    context: typer.Context,
    seed: Annotated[
        list[str] | None,
        typer.Option(
            "--seed", help="A song to be like (id, path, name), or a playlist file; may be repeated.", show_default=False
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="A song, or a playlist file, not to be like; may be repeated.", show_default=False),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", "-u", help="Songs that this listener would like.", show_default=False)
    ] = None,
    heard: Annotated[bool, typer.Option("--heard", help="Also songs that the user has played.")] = False,
    k: MaybeCount = None,
    minutes: Minutes = None,
    surprise: Annotated[
        float, typer.Option("--surprise", min=0.0, max=1.0, help="From the nearest songs (0) to a wide choice (1).")
    ] = 0.0,
    rng_seed: Annotated[
        int, typer.Option("--rng-seed", min=0, max=2**32 - 1, help="The same number gives the same surprises.")
    ] = 0,
    artist_cap: ArtistCap = None,
    album_cap: AlbumCap = None,
    keep_duplicates: KeepDuplicates = False,
    m3u8: M3u8 = None,
    jspf: Jspf = None,
    relative: Relative = False,
    force: Force = False,
    json: JsonOption = False,
) -> None:
    """A playlist from songs to be like, songs not to be like, and a listener; 20 songs unless -k or --minutes says otherwise."""
    from recsys.steps.playlist import playlist as step

    targets = Targets(m3u8, jspf, relative, force)
    targets.check(json)
    if not seed and user is None:
        raise typer.BadParameter("give --seed SONG or --user USER")
    if k is not None and minutes is not None:
        raise typer.BadParameter("-k and --minutes do not go together")
    answer = step(
        context.obj,
        seed or [],
        without=without or [],
        user=user,
        heard=heard,
        k=k,
        minutes=minutes,
        surprise=surprise,
        seed=rng_seed,
        artist_cap=artist_cap,
        album_cap=album_cap,
        keep_duplicates=keep_duplicates,
    )
    title = "Playlist" if user is None else f"Playlist for {user}"
    table = lambda: song_table(answer["items"], title=f"{title}; similarity to the nearest seed")  # noqa: E731
    deliver(context.obj, answer, title, targets, json, table)


@app.command()
def reorder(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="A playlist: .m3u8, .m3u or .jspf.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where it goes: .m3u8 or .jspf.", show_default=False)] = None,
    keep_first: Annotated[bool, typer.Option("--keep-first", help="The first song stays the first.")] = False,
    relative: Relative = False,
    force: Force = False,
    json: JsonOption = False,
) -> None:
    """Smooth a playlist: its songs in an order in which neighbours sound alike; nothing is added, nothing lost."""
    from recsys.steps.reorder import reorder as step

    answer = step(context.obj, source, out, keep_first=keep_first, relative=relative, force=force)
    for note in answer["notes"]:
        echo(note, err=True)
    if json:
        print_json(answer)
        return
    columns = ("#", "before", "artist", "title", "similarity (1 = same)")
    rows = [(i["rank"], i["before"], i["artist"], i["title"], i["similarity"]) for i in answer["items"]]
    print_table(columns, rows, title=f"{source}, smoothed; similarity to the song before", right=("#", "before", columns[-1]))
    told = f"mean step {answer['mean_step_before']:.3f} before, {answer['mean_step_after']:.3f} after"
    echo(f"{told} (1 - similarity of neighbours)" + (f"; {answer['written']['summary']}" if answer["written"] else ""))
