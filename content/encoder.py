"""A trained network with all one must know to use it: `Encoder`, and where torch runs it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from content.checkpoint import EpochRecord
from content.layers import Architecture
from content.network import Network, build
from content.notation import parse
from content.shapes import NetworkChoices
from content.spec import HyperImageSpec
from content.targets import Head
from data.errors import InputError
from data.files import atomic_path, fingerprint, read_json, write_json

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Encoder:
    """Hears snippets, tells classes, and gives embeddings.

    Parameters
    ----------
    module : the network, on the CPU, in evaluation mode.
    architecture, choices : what it was built from.
    heads : what the network's outputs tell, in their order; the primary label first.
    spec : parameters of the hyper-images that it reads, as `HyperImageSpec.as_dict` gives them.
    n_rows, n_frames : size of a snippet.
    config : the training configuration as JSON-able values, for the record; "best_epoch" is the one whose weights these are.
    history : one entry an epoch.
    """

    module: Network
    architecture: Architecture
    choices: NetworkChoices
    heads: tuple[Head, ...]
    spec: Mapping[str, Any]
    n_rows: int
    n_frames: int
    config: Mapping[str, Any]
    history: tuple[EpochRecord, ...]

    @property
    def label(self) -> str:
        """The kind of the primary label: "genre", "mood", ..."""
        return self.heads[0].label

    @property
    def classes(self) -> tuple[str, ...]:
        """The primary label's values, in the order of the first outputs."""
        return self.heads[0].classes

    @cached_property
    def fingerprint(self) -> str:
        """Names the weights and how they are used; the embeddings of two fingerprints never mix. 16 hex digits."""
        weights = hashlib.blake2b(digest_size=16)
        for name, tensor in sorted(self.module.state_dict().items()):
            weights.update(name.encode())
            weights.update(tensor.contiguous().numpy().tobytes())
        return fingerprint("encoder", SCHEMA, self._usage(), weights.hexdigest())

    @property
    def untouched(self) -> str:
        """The fingerprint of the encoder whose body this one has unchanged: trained on top of it, with a frozen body; else ""."""
        return str(self.config.get("start", "")) if self.config.get("body_rate") == 0 else ""

    @property
    def embedding_fingerprint(self) -> str:
        """Names the embeddings that it gives: heads have no part in them, so a frozen body keeps its first name."""
        return self.untouched or self.fingerprint

    def _usage(self) -> dict[str, Any]:
        # Named only where they are: an encoder of one single-valued label has the fingerprint from before there were heads.
        further = [asdict(head) | {"classes": list(head.classes)} for head in self.heads[1:]]
        return (
            ({"also": further} if further else {})
            | ({"multi_valued": True} if self.heads[0].multi_valued else {})
            | {
                "architecture": self.architecture.text,
                "choices": asdict(self.choices),
                "classes": list(self.classes),
                "label": self.label,
                "spec": dict(self.spec),
                "n_rows": self.n_rows,
                "n_frames": self.n_frames,
            }
        )

    def save(self, folder: Path) -> None:
        """Write model.safetensors and model.json.

        The JSON is taken away first and comes back last: without it nothing is loaded, so a killed save never mixes old and new.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.json").unlink(missing_ok=True)
        with atomic_path(folder / "model.safetensors") as temporary:
            temporary.write_bytes(save({name: tensor.contiguous() for name, tensor in self.module.state_dict().items()}))
        history = [asdict(record) for record in self.history]
        about = {
            "schema": SCHEMA,
            "fingerprint": self.fingerprint,
            "images": _images_of(self.spec),
            **self._usage(),
            "config": dict(self.config),
            "history": history,
        }
        write_json(folder / "model.json", about)

    @classmethod
    def load(cls, folder: Path) -> Encoder:
        """Read what `save` wrote.

        Raises
        ------
        InputError : missing, damaged, of another schema, or weights and description do not belong together; or it was made for
            hyper-images that this version of the program computes otherwise (code "spec").
        """
        about = read_json(folder / "model.json", schema=SCHEMA)
        images = about.get("images", "")  # ("" in one from before this was written)
        if images and images != _images_of(about.get("spec", {})):
            raise InputError(
                f"the encoder in {folder} reads hyper-images of definition {images}, which this version does not compute",
                code="spec",
                hint="Train the network again, or use the version of the program that made it",
            )
        try:
            encoder = _restore(folder, about)
        except (SafetensorError, OSError, RuntimeError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise InputError(
                f"{folder / 'model.safetensors'} cannot be read: {error}", code="damaged", hint="Train the network again"
            ) from None
        if encoder.fingerprint != about.get("fingerprint"):
            raise InputError(
                f"the weights in {folder} are not those that model.json describes", code="damaged", hint="Train the network again"
            )
        return encoder


def _images_of(spec: Mapping[str, Any]) -> str:
    """Names the values of the hyper-images that this program computes by a spec; "" where it does not know the spec."""
    try:
        return HyperImageSpec.from_dict(dict(spec)).fingerprint()
    except (InputError, TypeError):
        return ""


def _restore(folder: Path, about: dict[str, Any]) -> Encoder:
    architecture, choices = parse(about["architecture"]), NetworkChoices(**about["choices"])
    primary = Head(about["label"], tuple(about["classes"]), about.get("multi_valued", False))
    further = [Head(head["label"], tuple(head["classes"]), head["multi_valued"]) for head in about.get("also", [])]
    heads = (primary, *further)
    outputs = sum(len(head.classes) for head in heads)
    with torch.random.fork_rng(devices=[]):  # building draws weights that are replaced at once
        module = build(architecture, about["n_rows"], about["n_frames"], outputs, choices)
    module.load_state_dict(load_file(folder / "model.safetensors"))
    return Encoder(
        module=module.eval(),
        architecture=architecture,
        choices=choices,
        heads=heads,
        spec=about["spec"],
        n_rows=about["n_rows"],
        n_frames=about["n_frames"],
        config=about["config"],
        history=tuple(EpochRecord(**record) for record in about["history"]),
    )


def torch_device(name: str) -> torch.device:
    """The device of a name: "cpu", "cuda", or "auto" (cuda where there is one).

    Raises
    ------
    InputError : unknown name, or "cuda" on a machine without it.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"device={name!r} must be 'auto', 'cpu' or 'cuda'")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device='cuda': torch finds no CUDA device here", hint="Use device 'auto' or 'cpu'")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


@contextlib.contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Let torch use `threads` CPU threads inside the block, and as many as before after it; None changes nothing."""
    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
