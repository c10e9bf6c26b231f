"""Look at the machine and the workspace, and say what to do."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from data.errors import InputError

if TYPE_CHECKING:
    from recsys.workspace import Workspace

PACKAGES = (
    "torch",
    "librosa",
    "implicit",
    "lightfm-next",
    "scipy",
    "numpy",
    "pandas",
    "pyarrow",
    "soundfile",
    "soxr",
    "av",
    "typer",
)


class Check(NamedTuple):
    """One finding; state is "ok", "note" or "FAIL"."""

    state: str
    what: str
    found: str
    advice: str = ""


def doctor(workspace: Path) -> list[Check]:
    """All checks, in the order in which trouble should be mended."""
    return [
        _python(),
        *_packages(),
        _compiler(),
        *_decoders(),
        _device(),
        _shipped_encoder(),
        _disk(workspace),
        _workspace(workspace),
    ]


def _python() -> Check:
    ok = sys.version_info >= (3, 11)
    return Check("ok" if ok else "FAIL", "Python", platform.python_version(), "" if ok else "Install Python 3.11 or newer")


def _packages() -> list[Check]:
    checks = []
    for name in PACKAGES:
        try:
            checks.append(Check("ok", name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            advice = f"pip install {name}"
            if name == "lightfm-next":
                advice += " (it is compiled while installing: needs a C compiler and Python's headers)"
            checks.append(Check("FAIL", name, "missing", advice))
    return checks


def _compiler() -> Check:
    compiler = next(
        (found for name in (os.environ.get("CC"), "cc", "gcc", "clang") if name and (found := shutil.which(name))), ""
    )
    if compiler:
        return Check("ok", "C compiler", compiler)
    return Check(
        "note",
        "C compiler",
        "none",
        "Needed to install or update LightFM only (Debian: apt install gcc python3-dev; macOS: xcode-select)",
    )


def _decoders() -> list[Check]:
    checks = []
    try:
        import soundfile

        formats = soundfile.available_formats()
        mp3 = "MP3" in formats
        found = f"libsndfile {soundfile.__libsndfile_version__}, {'with' if mp3 else 'without'} mp3"
        checks.append(Check("ok" if mp3 else "note", "decoder", found, "" if mp3 else "mp3 goes through FFmpeg, more slowly"))
    except (ImportError, OSError) as error:
        checks.append(Check("FAIL", "decoder", str(error), "pip install --force-reinstall soundfile"))
    try:
        import av

        version = ".".join(map(str, av.library_versions["libavcodec"]))
        checks.append(Check("ok", "FFmpeg libraries", f"PyAV {av.__version__}, libavcodec {version}"))
    except (ImportError, OSError) as error:
        checks.append(Check("FAIL", "FFmpeg libraries", str(error), "pip install --force-reinstall av"))
    return checks


def _device() -> Check:
    try:
        import torch
    except (ImportError, OSError) as error:
        return Check("FAIL", "device", str(error), "pip install --force-reinstall torch")
    if torch.cuda.is_available():
        return Check("ok", "device", f"CUDA: {torch.cuda.get_device_name(0)}")
    return Check("ok", "device", f"CPU, {os.cpu_count()} cores (no CUDA device; training works, more slowly)")


def _shipped_encoder() -> Check:
    try:
        from content.pretrained import pretrained_encoder

        encoder = pretrained_encoder()
    except InputError as error:
        return Check("FAIL", "shipped encoder", error.message, error.hint)
    except (ImportError, OSError) as error:  # no torch
        return Check("FAIL", "shipped encoder", str(error), "pip install --force-reinstall torch")
    weights = [tensor.numel() * tensor.element_size() for tensor in encoder.module.state_dict().values()]
    found = f"{encoder.fingerprint}, {sum(weights) / 1e6:.1f} MB, {len(encoder.classes)} tags"
    return Check("ok", "shipped encoder", found)


def _disk(workspace: Path) -> Check:
    folder = workspace
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    return Check(
        "ok" if free >= 1 else "note",
        "disk",
        f"{free:.1f} GiB free at {folder.resolve()}",
        "" if free >= 1 else "Free some space",
    )


def _workspace(root: Path) -> Check:
    from recsys.steps.encoders import trained_encoder
    from recsys.steps.shipped import kept_fingerprint
    from recsys.workspace import open_workspace

    try:
        workspace = open_workspace(root)
        with workspace.catalogue(readonly=True) as catalogue:
            songs, failures = catalogue.count(), len(catalogue.failures())
        about = trained_encoder(workspace)
    except InputError as error:
        return Check("note" if error.code == "workspace" else "FAIL", "workspace", error.message, error.hint)
    encoder = f"trained on {about['label']}" if about else "the shipped one"
    newer = _newer(workspace)
    if newer:
        encoder += f" (this workspace keeps {kept_fingerprint(workspace)}, this version ships {newer})"
    parts = {
        "embeddings": workspace.embeddings,
        "imported vectors": workspace.imported,
        "recommender": workspace.hybrid,
    }
    have = [name for name, path in parts.items() if path.exists()]
    found = (
        f"{root}: {songs} songs, {failures} in the failure ledger; encoder: {encoder}; made: {', '.join(have) or 'nothing yet'}"
    )
    advice = ["See `recsys failed`"] * bool(failures) + ["`recsys embed --update` changes to the newer encoder"] * bool(newer)
    return Check("note" if newer else "ok", "workspace", found, "; ".join(advice))


def _newer(workspace: Workspace) -> str:
    from recsys.steps.shipped import newer_shipped

    try:
        return newer_shipped(workspace)
    except (InputError, ImportError, OSError):  # the check of the shipped encoder says it
        return ""
