"""The command line: parse, call, and map errors to exit codes.

Exit codes: 0 written, 1 written with findings that --fail-on does not let pass, 2 usage, 3 model, 4 samples, 5 output,
70 an error of reportgen itself, 130 interrupted.
"""

from __future__ import annotations

import json
import shlex
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from reportgen import __version__
from reportgen.cli import options as given
from reportgen.cli.outcome import Outcome, takes_outcome
from reportgen.errors import ReportgenError, UsageError
from reportgen.options import DEFAULTS, ReportOptions
from reportgen.results.rules import severity_named

GATE_FAILED, INTERRUPTED = 1, 130
# Typer carries click with it under another name in newer releases; its errors have this base in all of them.
_CommandLineError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    name="reportgen",
    help="Write one self-contained HTML page of evidence about a trained Keras convolutional network.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Write one self-contained HTML page of evidence about a trained Keras convolutional network."""
    if version:
        typer.echo(f"reportgen {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
@takes_outcome(output="report.html")
def build(
    model: Annotated[Path, typer.Argument(help="A .keras or HDF5 model file.", metavar="MODEL", show_default=False)],
    allow_custom_code: given.AllowCustomCode = DEFAULTS.allow_custom_code,
    custom_objects: given.CustomObjects = None,
    memory_limit: given.MemoryLimit = DEFAULTS.memory_limit,
    samples: given.Samples = None,
    labels: given.Labels = None,
    class_names: given.ClassNames = None,
    select: given.Select = DEFAULTS.select,
    scale: given.ScaleOption = DEFAULTS.scale,
    max_evaluated: given.MaxEvaluated = DEFAULTS.max_evaluated,
    resize: given.Resize = DEFAULTS.resize,
    skip_bad: given.SkipBad = DEFAULTS.skip_bad,
    layers: given.Layers = None,
    bins: given.Bins = DEFAULTS.bins,
    kernel_range: given.KernelRange = DEFAULTS.kernel_range,
    map_scale: given.MapScaleOption = DEFAULTS.map_scale,
    max_tiles: given.MaxTiles = DEFAULTS.max_tiles,
    redraws: given.Redraws = DEFAULTS.redraws,
    attribution: given.AttributionOption = None,
    maximise: given.Maximise = DEFAULTS.maximise,
    seed: given.Seed = DEFAULTS.seed,
    title: given.Title = DEFAULTS.title,
    note: given.Note = DEFAULTS.note,
    lang: given.Lang = DEFAULTS.lang,
    redact: given.Redact = DEFAULTS.redact,
    config: given.Config = None,
    *,
    outcome: Outcome,
) -> None:
    """Write the report of a model file."""
    options = ReportOptions(
        select=select,
        scale=scale,
        max_evaluated=max_evaluated,
        resize=resize,
        skip_bad=skip_bad,
        layers=_split(layers),
        bins=bins,
        kernel_range=kernel_range,
        map_scale=map_scale,
        max_tiles=max_tiles,
        redraws=redraws,
        attribution=_split(attribution) or DEFAULTS.attribution,
        maximise=maximise,
        seed=seed,
        title=title,
        note=note,
        lang=lang,
        redact=redact,
        allow_custom_code=allow_custom_code,
        custom_objects=tuple(custom_objects or ()),
        memory_limit=memory_limit,
    )
    inputs = {"samples": samples or None, "labels": labels, "class_names": class_names, "config": config}
    _write(model, inputs, options, outcome)


@app.command()
@takes_outcome(output="demo-report.html")
def demo(
    lang: given.Lang = DEFAULTS.lang,
    redact: given.Redact = DEFAULTS.redact,
    config: given.Config = None,
    *,
    outcome: Outcome,
) -> None:
    """Write the report of the model that comes with reportgen, on 200 images of Fashion-MNIST."""
    from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES, TITLE

    inputs = {"samples": SAMPLES, "labels": None, "class_names": CLASS_NAMES, "config": config}
    words = ["reportgen", "demo", *(["--lang", lang] if lang != DEFAULTS.lang else []), *["--redact"] * redact]
    command = shlex.join([*words, *(["--config", config.name] if config else [])])
    _write(MODEL, inputs, ReportOptions(title=TITLE, lang=lang, redact=redact), outcome, command=command)


@app.command("rules")
def list_rules(as_json: given.AsJson = False, config: given.Config = None) -> None:
    """List every rule with its threshold, as it is in force here, and its source."""
    from reportgen.analyses.catalogue import open_catalogue
    from reportgen.cli.terminal import rules_text

    catalogue = open_catalogue(config)
    rows = catalogue.rules_as_rows()
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=1) if as_json else rules_text(rows))
    for plugin in catalogue.plugins.broken:
        typer.echo(f"reportgen: {plugin.reason}", err=True)


@app.command()
def inspect(
    model: Annotated[Path, typer.Argument(help="A model file.", metavar="MODEL", show_default=False)],
    allow_custom_code: given.AllowCustomCode = DEFAULTS.allow_custom_code,
    custom_objects: given.CustomObjects = None,
    as_json: given.AsJson = False,
) -> None:
    """Tell what a model file holds and what would be done with it; nothing of it runs."""
    from reportgen.cli.inspection import inspect_model

    inspection = inspect_model(model, allow_custom_code=allow_custom_code, custom_objects=tuple(custom_objects or ()))
    typer.echo(inspection.to_json() if as_json else inspection.to_text())


def _split(layers: list[str] | None) -> tuple[str, ...]:
    return tuple(name.strip() for names in layers or () for name in names.split(",") if name.strip())


def _write(
    model: Path,
    inputs: dict[str, Any],
    options: ReportOptions,
    outcome: Outcome,
    *,
    command: str | None = None,
) -> None:
    from reportgen.cli.terminal import (
        StageTimes,
        findings_text,
        gate_text,
        not_run_text,
        quiet_standard_error,
        shown_stages,
    )
    from reportgen.rendering.output import large_page_warning

    options.check()
    outcome.check()
    times = StageTimes()
    with quiet_standard_error() as stream:
        with shown_stages(stream, quiet=outcome.quiet) as show_stage:
            from reportgen.build import make_report

            on_stage = times.also_tell(show_stage)
            report = make_report(model, **inputs, options=options, command=command, on_stage=on_stage)
            on_stage("Writing the page")
            report.save(
                outcome.output,
                json_path=outcome.json_path,
                pdf_path=outcome.pdf_path,
                paper=outcome.paper,
                max_megabytes=outcome.max_size,
            )
            times.end()
        if not outcome.quiet:
            stream.write(f"{findings_text(report.findings, report.inconclusive)}\n")
        if outcome.timings:
            stream.write(f"{times.text()}\n")
        gate = gate_text(report, outcome.fail_on) if outcome.fail_on else ""
        not_run = not_run_text(report) if outcome.quiet else ""  # among the findings otherwise
        for said in filter(None, (large_page_warning(outcome.output), not_run, gate)):
            stream.write(f"reportgen: {said}\n")
    typer.echo(outcome.output)
    if outcome.open_page:
        typer.launch(outcome.output.absolute().as_uri())
    if outcome.fail_on and report.failing(severity_named(outcome.fail_on)):
        raise typer.Exit(GATE_FAILED)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; errors are one line on standard error."""
    try:
        code = run(arguments)
    except Exception:  # noqa: BLE001 - Python's own exit code for these, 1, would pass for a gate that failed
        traceback.print_exc()
        code = ReportgenError.exit_code
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Return the exit code of a command line.

    Args:
        arguments: without the program's name; None takes those of the process.
    """
    try:
        result = app(arguments, standalone_mode=False)
    except ReportgenError as error:
        return _fail(str(error), error.exit_code)
    except _CommandLineError as error:
        return _fail(_usage_message(error), UsageError.exit_code)
    except typer.Abort:
        result = INTERRUPTED
    if result == INTERRUPTED:  # what newer releases of Typer return instead of raising Abort
        return _fail("interrupted; nothing was written.", INTERRUPTED)
    return result if isinstance(result, int) else 0


def _usage_message(error: Any) -> str:
    """Return an error of the command line in one sentence, with the command whose help lists its options."""
    message = " ".join(error.format_message().split()).rstrip(".").replace(": Value error, ", ": ")
    context = getattr(error, "ctx", None)
    command = context.info_name if context is not None and context.parent is not None else ""
    ended = message if message.endswith("?") else f"{message}."
    return f"{ended} See reportgen {f'{command} ' if command else ''}--help."


def _fail(message: str, code: int) -> int:
    print(f"reportgen: {message}", file=sys.stderr)  # noqa: T201 - the one place that reports errors
    return code
