"""`reportgen batch` and `reportgen index`: many models, a page each, and the index of a folder of pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from reportgen.cli.options import GATES, OUTPUT, ClassNames, Config, Labels, SampleSources, given_on, takes
from reportgen.cli.outcome import gate_in_force
from reportgen.cli.signals import Terminated
from reportgen.errors import UsageError
from reportgen.options import ReportOptions, option
from reportgen.rendering import LARGEST_PAGE
from reportgen.results import severity_named

if TYPE_CHECKING:
    from reportgen.batch import Batch, BatchModel, Built

GATE_FAILED, MODEL_LOST = 1, 6
_LEFT = "what was made stays, and the same command goes on from there"


@dataclass(frozen=True, kw_only=True)
class BatchOutcome:
    """What becomes of the reports of a batch; every field is an option."""

    fail_on: Literal["note", "warning", "problem"] | None = option(
        None,
        "Exit with code 1 if any model has a finding at or above this severity; the reports are written. Default: never.",
        GATES,
    )
    output: Path = option(
        Path("reports"),
        "Folder of the pages, their JSON and index.html.",
        OUTPUT,
        flags=("--output", "-o"),
        metavar="FOLDER",
    )
    jobs: int | None = option(
        None, "Models at once, each in a process. Default: one a core.", OUTPUT, flags=("--jobs", "-j")
    )
    watch: bool = option(
        False,
        "Go on: follow the sources for new and changed models, until interrupted. A file still being written waits.",
        OUTPUT,
    )
    max_size: float = option(LARGEST_PAGE, "Maximum size of a page in MB.", OUTPUT, metavar="MB")
    quiet: bool = option(False, "Nothing on standard error.", OUTPUT, flags=("--quiet", "-q"))


Sources = Annotated[
    list[str],
    typer.Argument(
        help="Models, folders of models, patterns, or lists (TOML) with options for each model.",
        metavar="SOURCES...",
        show_default=False,
    ),
]


@takes("options", ReportOptions)
@takes("outcome", BatchOutcome)
def batch(
    context: typer.Context,
    sources: Sources,
    *,
    samples: SampleSources = None,
    labels: Labels = None,
    class_names: ClassNames = None,
    config: Config = None,
    options: ReportOptions,
    outcome: BatchOutcome,
) -> None:
    """Write the reports of many models, and an index of them. What is there already is not made again."""
    from reportgen.batch import Batch, BatchModel, find_models, options_in_force
    from reportgen.untrusted.escaping import shown

    options.check()
    in_force = gate_in_force(outcome.fail_on, config)
    inputs: dict[str, Any] = {
        "samples": samples or None,
        "labels": labels,
        "class_names": class_names,
        "config": config,
    }
    like = BatchModel(path=Path(), options=options, given=frozenset(given_on(context, ReportOptions)), **inputs)
    given = {name.replace("_", "-"): value for name, value in inputs.items() if name in ("labels", "class_names")}
    if inputs["samples"] is None and not any(source.endswith(".toml") for source in sources):
        options.check_without_samples(given)
    models = None if outcome.watch else find_models(sources, like)  # before any folder is made
    if models is not None and not any(model.path.exists() for model in models):  # one of several costs its own row
        raise UsageError(f"there is no such model or folder. Received: {shown(' '.join(sources))}. Check the path.")
    counts = {"made": 0, "kept": 0, "failed": 0}
    try:
        with Batch(
            outcome.output, jobs=outcome.jobs, lang=options_in_force(like).lang, max_megabytes=outcome.max_size
        ) as made:
            for built in made.build(models) if models is not None else _watched(made, sources, like):
                counts["failed" if built.error else "kept" if built.kept else "made"] += 1
                _tell(built, outcome)
    except KeyboardInterrupt as error:
        raise Terminated(left=_LEFT) from error
    except Terminated as error:
        raise Terminated(error.number, left=_LEFT) from error
    if not outcome.quiet:
        said = f"{counts['made']} made, {counts['kept']} there already, {counts['failed']} without a report"
        typer.echo(f"reportgen: {said}.", err=True)
    typer.echo(outcome.output / "index.html")
    if in_force.unheeded:
        typer.echo(f"reportgen: {in_force.unheeded}", err=True)
    if in_force.gate and _gated(outcome.output, in_force.gate):
        from reportgen.cli.terminal import origin_text

        origin = origin_text(in_force.set_by)
        typer.echo(f"reportgen: --fail-on {in_force.gate}{origin}: failed; the index says by which models.", err=True)
        raise typer.Exit(GATE_FAILED)
    if counts["failed"]:
        raise typer.Exit(MODEL_LOST)


def _watched(made: Batch, sources: list[str], like: BatchModel) -> Iterator[Built]:
    from reportgen.batch import find_models, watch

    def look() -> tuple[BatchModel, ...]:
        try:
            return find_models(sources, like)
        except UsageError:  # nothing there yet
            return ()

    find_models(
        [source for source in sources if source.endswith(".toml")], like
    )  # a list that is wrong is told at once
    for models in watch(look):
        yield from made.build(models)
        made.write_index()


def _tell(built: Built, outcome: BatchOutcome) -> None:
    from reportgen.untrusted.escaping import shown

    if built.page is not None and not built.kept:
        typer.echo(built.page)
    if built.error and not outcome.quiet:
        typer.echo(f"reportgen: {shown(built.name)}: {built.error}", err=True)


def _gated(folder: Path, fail_on: str) -> bool:
    """Return whether any report of a folder has a finding at or above a severity."""
    from reportgen.batch import read_rows

    least = severity_named(fail_on)
    return any(severity >= least for row in read_rows(folder) for severity, _ in row.severities)


def index(
    folder: Annotated[
        Path, typer.Argument(help="A folder of reports with their JSON.", metavar="FOLDER", show_default=False)
    ],
    lang: Annotated[str, typer.Option(help="Language of the index.")] = "en",
) -> None:
    """Write index.html of a folder of reports anew, from their JSON alone."""
    from reportgen.batch import read_rows, write_index
    from reportgen.messages import LANGUAGES
    from reportgen.untrusted.escaping import base_name

    if lang not in LANGUAGES:
        raise UsageError(f"--lang must be one of {', '.join(LANGUAGES)}. Received: {lang!r}.")
    if folder.is_dir() and next(read_rows(folder), None) is None:
        raise UsageError(
            f"the folder of reports must hold the JSON of one or more. Received: {base_name(folder)}, which holds none. Name "
            "that of reportgen batch, or write reports into it with --json."
        )
    typer.echo(write_index(folder, lang=lang))
