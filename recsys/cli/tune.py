"""The command tune."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from recsys.cli.app import JsonOption, SeedOption, app
from recsys.cli.output import TerminalReport, echo, print_json, print_table


@app.command()
def tune(
    context: typer.Context,
    engine: Annotated[str, typer.Option("--engine", help="Whose choices; any engine of train-hybrid that has some.")] = "hybrid",
    minutes: Annotated[
        float, typer.Option("--minutes", min=0, help="Time for this run; the defaults are measured in any case.")
    ] = 10.0,
    trials: Annotated[
        int | None,
        typer.Option("--trials", min=1, help="At most so many configurations, earlier runs' among them.", show_default=False),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Search for better choices of an engine on listens held out of your own; run it again to go on."""
    from recsys.steps import tune as step

    result = step.tune(context.obj, engine=engine, minutes=minutes, trials=trials, seed=seed, report=TerminalReport())
    if json:
        print_json(result)
        return
    print_trials(result)
    echo(result["summary"])


def print_trials(result: dict[str, Any]) -> None:
    """The best few against the defaults: gain, figures, and the choices in which they differ."""
    defaults = result["defaults"]
    sides = list(defaults["figures"])
    rows: list[list[object]] = []
    for trial in [defaults, *result["best"]]:
        changed = [f"{name}={value}" for name, value in trial["values"].items() if value != defaults["values"][name]]
        error = "" if trial["error"] is None else f" ± {100 * trial['error']:.1f}"
        gain = f"{100 * trial['gain']:+.1f} %{error}" if trial["number"] else ""
        name = f"{trial['number']}" if trial["number"] else "defaults"
        rows.append([name, gain, *(trial["figures"].get(s) for s in sides), trial["seconds"], ", ".join(changed)])
    head = ["trial", "gain", *(f"{side} nDCG@10" for side in sides), "CPU s a fit", "differs in"]
    number = len(result["trials"])
    print_table(head, rows, title=f"{result['engine']}: {number} trial{'s' * (number > 1)}", right=head[1:-1])
