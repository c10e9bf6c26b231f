"""Scan folders into the catalogue: only what is new or changed is opened; what cannot be used is written down with its reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path

from data.catalogue import Catalogue
from data.errors import InputError
from data.file_reading import FileRead, read_as_asked
from data.guarded import Guard, Lost, guarded, guarded_calls
from data.layouts.layout import SUFFIXES, Layout
from data.layouts.reading import read_layouts
from data.scan_report import ScanReport
from data.scan_rest import note_problems, note_vanished
from data.scan_rules import Pending
from data.scan_run import ScanRun
from data.song_files import name_of
from data.tags import read_tags

FILES_WORTH_A_WORKER = 64  # to start a process takes the time of about so many files


def scan(
    catalogue: Catalogue,
    folders: Iterable[Path],
    *,
    folder_label: str = "auto",
    dry_run: bool = False,
    guard: Guard | None = None,
    only: Collection[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ScanReport:
    """Bring the catalogue up to date with the songs in `folders`.

    A file whose size and time of change are as before is not opened, a refused one neither. Each song is one transaction: killed
    at any moment, the next scan goes on. What is known comes first, then what must be read, each in the order of the folders:
    neither ids nor anything else depends on which process is faster.

    Parameters
    ----------
    folder_label : "auto": where all songs lie in two or more folders side by side that look like classes and not like artists or
        albums, the folder is the song's "genre"; elsewhere labels from folders stay as an earlier scan left them.
        "none": they go, and a genre is what the file's tag says. Or the kind of label that the folder gives, the innermost one
        in a deep tree; it takes the place of all earlier labels from folders.
    dry_run : only report and write nothing; a moved file counts as new and a broken one too, as none is decoded.
    guard : the processes that files are read in; None reads them in this one, where a file that hangs or crashes a decoder hangs
        or crashes the scan.
    only : paths of the files to look at, as the ledger has them; all others are taken as not met and not as vanished.
    progress : called with (songs looked at, songs in all).

    Raises
    ------
    InputError : a folder is missing, is no folder, or holds no audio (code "no-audio"); its table cannot be read at all;
        `folder_label` is empty.
    """
    run = ScanRun.begin(catalogue, dry_run)
    with nullcontext(read_tags) if guard is None else guarded_calls(read_tags, guard) as tags_of_new:
        layouts = read_layouts(folders, folder_label, partial(run.tags_of, tags_of_new))
    for layout in layouts:
        if not layout.songs:
            note_problems(run, layout)
            raise _no_audio(layout)
    # Folders given may lie in one another: each file is looked at once.
    songs = {name_of(song.path): (song, layout.root) for layout in reversed(layouts) for song in reversed(layout.songs)}
    met = [path for path in reversed(songs) if only is None or path in only]
    pending = [waiting for path in met if (waiting := run.look_at(*songs[path])) is not None]
    done = len(met) - len(pending)
    if done:
        _tell(progress, done, len(met))
    with closing(_read(pending, guard)) as answers:
        for waiting, answer in answers:
            run.take(waiting, answer)
            done += 1
            _tell(progress, done, len(met))
    if only is None:
        for layout in layouts:  # after the songs: one that takes another file's place strikes what the ledger says of that file
            note_problems(run, layout)
        note_vanished(run, [layout.root for layout in layouts], set(songs))
    return run.report


def _read(pending: Sequence[Pending], guard: Guard | None) -> Generator[tuple[Pending, FileRead | InputError | Lost], None, None]:
    """What the files hold, in their order."""
    tasks = [(str(waiting.song.path), waiting.known, waiting.only_tags) for waiting in pending]
    if guard is None or not tasks:
        for waiting, task in zip(pending, tasks, strict=True):
            yield waiting, read_as_asked(*task)
        return
    sized = guard.of_size(len(tasks), FILES_WORTH_A_WORKER)
    with closing(guarded(read_as_asked, tasks, sized, in_order=True)) as answers:
        for number, answer in answers:
            yield pending[number], answer


def _tell(progress: Callable[[int, int], None] | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _no_audio(layout: Layout) -> InputError:
    """The folder holds no song: what it holds instead, as far as that is known."""
    why = ""
    if layout.problems:
        why = f" ({len(layout.problems)} rows or folders cannot be used: {layout.problems[0].reason})"
    hint = f"Known suffixes: {' '.join(sorted(SUFFIXES))}"
    if layout.tables:
        hint = f"It holds a public set's table ({layout.tables[0].name}): give the folder of the set's audio as well"
    return InputError(f"{layout.root} holds no audio file{why}", code="no-audio", hint=hint)
