"""The command line: parse, call, and map errors to exit codes.

Exit codes: 0 written, 1 written with findings that --fail-on does not let pass, 2 usage, 3 model, 4 samples, 5 output,
6 written without a section that failed, 70 an error of reportgen itself or a crash of native code, 71 too little memory, file
handles or disk, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import os
import shlex
import sys
import threading
import traceback
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from reportgen import __version__
from reportgen.cli.batch import batch, index
from reportgen.cli.compare import compare
from reportgen.cli.options import (
    AsJson,
    ClassNames,
    Config,
    History,
    Labels,
    SampleSources,
    given_on,
    takes,
    with_lone_flags,
)
from reportgen.cli.outcome import WRITING, Outcome, with_gate
from reportgen.cli.rules import rules
from reportgen.cli.signals import Terminated
from reportgen.cli.streams import forget_lost_output, lost_output, settled_streams
from reportgen.cli.supervision import ALONE, Attempt, Stage, supervised
from reportgen.cli.verify import verify
from reportgen.errors import ModelError, OutputError, ReportgenError, UsageError, told_as_lack
from reportgen.options import DEFAULTS, ReportOptions, options_of
from reportgen.results import severity_named

GATE_FAILED, SECTION_LOST, INTERRUPTED = 1, 6, 130
_LONGEST = 1e6  # seconds that a system can wait for
_LONGEST_LOADING = 300.0  # seconds; a slow disk takes one minute
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
        _tell_version()
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _tell_version() -> None:
    typer.echo(f"reportgen {__version__}")


@app.command()
@takes("options", ReportOptions)
@takes("outcome", Outcome, output=Path("report.html"))
def build(
    context: typer.Context,
    model: Annotated[
        Path,
        typer.Argument(
            help="Model: .keras, HDF5, SavedModel or weights.",
            metavar="MODEL",
            show_default=False,
        ),
    ],
    *,
    samples: SampleSources = None,
    labels: Labels = None,
    class_names: ClassNames = None,
    history: History = None,
    config: Config = None,
    options: ReportOptions,
    outcome: Outcome,
) -> None:
    """Write the report of a model file."""
    inputs = {
        "samples": samples or None,
        "labels": labels,
        "class_names": class_names,
        "history": history,
        "config": config,
    }
    _write(model, inputs, options, outcome, given=given_on(context, ReportOptions), attempt=context.obj)


@app.command()
@takes("options", ReportOptions, "lang", "redact")
@takes("outcome", Outcome, output=Path("demo-report.html"))
def demo(context: typer.Context, *, config: Config = None, options: ReportOptions, outcome: Outcome) -> None:
    """Write the report of the model that comes with reportgen, on 200 images of Fashion-MNIST."""
    from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES, TITLE

    inputs = {"samples": SAMPLES, "labels": None, "class_names": CLASS_NAMES, "config": config}
    asked = [*(["--lang", options.lang] if options.lang != DEFAULTS.lang else []), *["--redact"] * options.redact]
    command = shlex.join(["reportgen", "demo", *asked, *(["--config", config.name] if config else [])])
    # a project's options are not for the demo, its claims and its effort as its rules are
    given = options_of(ReportOptions).keys() - {"expect", "effort"}
    options = replace(options, title=TITLE)
    _write(MODEL, inputs, options, outcome, given=given, command=command, attempt=context.obj)


app.command()(compare)
app.command()(verify)
app.command()(batch)
app.command()(index)
app.command()(rules)


@app.command()
@takes("options", ReportOptions, "allow_custom_code", "custom_objects", "activation", "architecture")
def inspect(
    models: Annotated[list[Path], typer.Argument(help="Model files.", metavar="MODEL...", show_default=False)],
    *,
    as_json: AsJson = False,
    options: ReportOptions,
) -> None:
    """Tell what model files hold and what would be done with them; nothing of them runs."""
    from reportgen.cli.inspection import inspect_model

    options.check()
    inspections, refused = [], False
    for model in models:
        try:
            inspection = inspect_model(
                model,
                allow_custom_code=options.allow_custom_code,
                custom_objects=options.custom_objects,
                activation=options.activation,
                architecture=options.architecture,
            )
        except ModelError as error:
            if len(models) == 1:
                raise
            refused = True
            typer.echo(f"reportgen: {error}", err=True)
        else:
            inspections.append(inspection)
    if as_json:
        told = ",\n".join(one.to_json() for one in inspections)
        typer.echo(told if len(models) == 1 else f"[{told}]")
    else:
        typer.echo("\n\n".join(one.to_text() for one in inspections))
    if refused:
        raise typer.Exit(ModelError.exit_code)


def _write(
    model: Path,
    inputs: dict[str, Any],
    options: ReportOptions,
    outcome: Outcome,
    *,
    given: Collection[str],
    attempt: Attempt,
    command: str | None = None,
) -> None:
    from reportgen.cli.github import read_as_text, told_github
    from reportgen.cli.terminal import (
        StageTimes,
        failed_text,
        findings_text,
        gate_text,
        not_run_text,
        quiet_standard_error,
        shown_stages,
    )
    from reportgen.rendering import Asked, large_page_warning

    options.check()
    outcome.check(options, model, inputs)
    outcome, in_force = with_gate(outcome, inputs["config"])
    times = StageTimes()
    with quiet_standard_error(attempt.native) as stream:
        with shown_stages(stream, quiet=outcome.quiet) as show_stage:
            from reportgen.building.build import NEEDED_STAGES, make_report
            from reportgen.building.opening import LOADING_TENSORFLOW

            def on_stage(name: str) -> None:
                needed = name in NEEDED_STAGES or name == WRITING
                seconds = None if needed else min(60 * outcome.time_limit, _LONGEST)
                if name == LOADING_TENSORFLOW:  # which hangs where memory is very short
                    seconds = min(60 * outcome.time_limit, _LONGEST_LOADING)
                attempt.tell(Stage(str(name), needed, seconds))
                show_stage(name)

            next_stage = times.also_tell(on_stage)
            report = make_report(
                model,
                **inputs,
                options=options,
                given=given,
                command=command,
                on_stage=next_stage,
                on_progress=show_stage.tell,
                lost=attempt.lost,
                max_megabytes=outcome.max_size,
            )
            next_stage(WRITING)
            outcome.save(report, fail_on=outcome.fail_on)
            times.end()
        if not outcome.quiet:
            with read_as_text(stream):
                stream.write(f"{findings_text(report.findings, report.undecided, too_few=report.too_few)}\n")
        if outcome.timings:
            stream.write(f"{times.text()}\n")
        gate = gate_text(report, outcome.fail_on, set_by=in_force.set_by) if outcome.fail_on else ""
        not_run = not_run_text(report) if outcome.quiet else ""  # among the findings otherwise
        failed = failed_text(report)
        lost = failed if outcome.quiet else ""
        asked = Asked(fail_on=severity_named(outcome.fail_on) if outcome.fail_on else None)
        unsaid = told_github(report, stream, asked=asked)
        with read_as_text(stream):
            for said in filter(
                None, (large_page_warning(outcome.output), not_run, lost, gate, in_force.unheeded, unsaid)
            ):
                stream.write(f"reportgen: {said}\n")
    typer.echo(outcome.output)
    forget_lost_output()  # the page is there, whoever hears of it
    if outcome.open_page:
        typer.launch(outcome.output.absolute().as_uri())
    if outcome.fail_on and report.failing(severity_named(outcome.fail_on)):
        raise typer.Exit(GATE_FAILED)
    if attempt.lost or failed:
        raise typer.Exit(SECTION_LOST)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; errors are one line on standard error."""
    os.environ["KERAS_BACKEND"] = "tensorflow"  # also for a plug-in that imports Keras first
    given = sys.argv[1:] if arguments is None else arguments
    with settled_streams():
        # A process that runs threads already cannot be copied; nor is it the program's own
        alone = "tensorflow" in sys.modules or threading.active_count() > 1
        code = in_child(given, ALONE) if alone else supervised(in_child, given)
    sys.exit(code)


def in_child(arguments: list[str], attempt: Attempt) -> int:
    """Return the exit code of a command line whose output may be lost, and whatever it raises.

    Args:
        arguments: without the program's name.
        attempt: what to do without, and who is told the stages.
    """
    with settled_streams():
        try:
            code = run(arguments, attempt)
            lost = lost_output()
            if code == 0 and lost is not None:
                reason = f"standard output cannot be written. Received: {lost.strerror}. Choose another place."
                code = _fail(reason, OutputError.exit_code)
        except Exception:  # noqa: BLE001 - Python's own exit code for these, 1, would pass for a gate that failed
            traceback.print_exc()
            code = ReportgenError.exit_code
        return code


def run(arguments: list[str] | None = None, attempt: Attempt = ALONE) -> int:
    """Return the exit code of a command line.

    Args:
        arguments: without the program's name; None takes those of the process.
        attempt: what to do without, and who is told the stages.
    """
    try:
        given = sys.argv[1:] if arguments is None else arguments
        if given == ["--version"]:  # for the value of any option Typer loads pydantic, which takes as long as all else
            _tell_version()
            return 0
        with told_as_lack():
            result = app(with_lone_flags(given, ReportOptions), standalone_mode=False, obj=attempt)
    except ReportgenError as error:
        return _fail(str(error), error.exit_code)
    except _CommandLineError as error:
        return _fail(_usage_message(error), UsageError.exit_code)
    except Terminated as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        result = INTERRUPTED
    if result == INTERRUPTED:  # what newer releases of Typer return instead of raising Abort
        return _fail(str(Terminated()), INTERRUPTED)
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
