"""Commands that learn: train-content, embed, train-hybrid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.guarded import TIME_LIMIT_S
from recsys.cli.app import PARTIAL, Device, DeviceOption, JsonOption, SeedOption, TimeLimitOption, WorkersOption, app
from recsys.cli.completion import engines, labels
from recsys.cli.output import TerminalReport, echo, print_json, print_table
from recsys.cli.training_options import AlsoOption, SettingsOption, Start


@app.command("train-content")
def train_content(
    context: typer.Context,
    label: Annotated[
        str,
        typer.Option("--label", help="What the network learns to tell apart: genre, mood, any column.", autocompletion=labels),
    ] = "genre",
    also: AlsoOption = None,
    start: Annotated[
        Start,
        typer.Option(
            "--from",
            help="The shipped encoder (pretrained), or nothing, as in the paper (scratch). auto: pretrained where few songs "
            "carry the label and no --architecture is given.",
        ),
    ] = Start.auto,
    architecture: Annotated[
        str | None,
        typer.Option(
            "--architecture",
            help="A preset (paper, best) or a network in the paper's notation, from scratch; paper.",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Passes over the songs.", show_default=False)] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", help="Greatest step size.", show_default=False)
    ] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", min=1, help="Snippets a step.", show_default=False)] = None,
    snippets: Annotated[
        int | None, typer.Option("--snippets", min=1, help="Random snippets a song and epoch.", show_default=False)
    ] = None,
    mixed_precision: Annotated[bool, typer.Option("--mixed-precision", help="Compute in bfloat16 where it is safe.")] = False,
    settings: SettingsOption = None,
    device: DeviceOption = Device.auto,
    seed: SeedOption = 0,
    workers: WorkersOption = 0,
    time_limit: TimeLimitOption = TIME_LIMIT_S,
    tensorboard: Annotated[
        Path | None,
        typer.Option("--tensorboard", metavar="FOLDER", help="Write event files for TensorBoard.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Train the hyper-image network on a label and embed every song in 192 numbers."""
    from content.training_config import parse_settings
    from recsys.steps import content

    result = content.train_content(
        context.obj,
        label=label,
        also=also or (),
        start=start.value,
        architecture=architecture,
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        snippets_per_song=snippets,
        mixed_precision=mixed_precision or None,
        settings=parse_settings(settings or ()),
        device=device.value,
        seed=seed,
        workers=workers,
        time_limit=time_limit,
        tensorboard=tensorboard,
        report=TerminalReport(),
    )
    if "rank" not in result:  # of several processes that torchrun started only the first answers
        _answer(result, json)


@app.command()
def embed(
    context: typer.Context,
    pretrained: Annotated[
        bool, typer.Option("--pretrained", help="Go back to the shipped encoder; one trained here is kept, but set aside.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Change to the encoder of this version of recsys; embeds all songs anew.")
    ] = False,
    device: DeviceOption = Device.auto,
    workers: WorkersOption = 0,
    time_limit: TimeLimitOption = TIME_LIMIT_S,
    json: JsonOption = False,
) -> None:
    """Embed songs that are new or have changed: by the encoder trained here, or without any training by the shipped one."""
    from recsys.steps import content

    result = content.embed(
        context.obj,
        pretrained=pretrained,
        update=update,
        device=device.value,
        workers=workers,
        time_limit=time_limit,
        report=TerminalReport(),
    )
    _answer(result, json)


@app.command()
def architectures(
    architecture: Annotated[
        str | None, typer.Argument(help="A preset or a notation: layer by layer.", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """The network's presets, or one network layer by layer: shapes, parameters, multiply-adds a snippet."""
    from recsys.steps.architectures import architectures as describe

    rows = describe(architecture)
    if json:
        print_json(rows)
        return
    for row in rows:
        training = ", ".join(f"{key}={value}" for key, value in row["training"].items()) or "the defaults"
        echo(f"{row['name'] or 'notation'}: {row['architecture']}")
        if architecture is not None:
            lines = [(x["layer"], " x ".join(map(str, x["shape"])), x["parameters"], x["multiply_adds"]) for x in row["layers"]]
            cost = [(layer, shape, f"{n:,}", f"{adds:,}") for layer, shape, n, adds in lines]
            columns = ("layer", "makes", "parameters", "multiply-adds")
            print_table(columns, cost, right=("parameters", "multiply-adds"))
        echo(
            f"  {row['parameters']:,} parameters, {row['multiply_adds'] / 1e6:.1f} million multiply-adds a snippet of "
            f"{row['snippet_seconds']:g} s, embedding of {row['embedding_size']}; trained with {training}"
        )


@app.command("train-hybrid")
def train_hybrid(
    context: typer.Context,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            help="hybrid (the best blend of the others by validation), als, ease, bpr, lightfm; on listens alone: als-cf, "
            "ease-cf, bpr-cf, lightfm-cf; content, content-ridge, features (of --metadata); popularity.",
            autocompletion=engines,
        ),
    ] = "hybrid",
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata",
            metavar="NAME",
            help="Describe songs also by artist, or by a label (genre, year, ...); may be given many times.",
            show_default=False,
        ),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Join listens and embeddings in one model that recommends warm and cold songs."""
    from recsys.steps import hybrid

    result = hybrid.train_hybrid(context.obj, engine=engine, metadata=metadata or [], seed=seed, report=TerminalReport())
    _answer(result, json)


def _answer(result: dict[str, object], json: bool) -> None:
    if json:
        print_json(result)
    else:
        echo(result["summary"])
    if result.get("failed"):
        raise typer.Exit(PARTIAL)
