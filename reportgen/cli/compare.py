"""`reportgen compare`: whether a new model is better than a base, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from reportgen.cli.options import GATES, ClassNames, Config, Labels, SampleSources, given_on, takes
from reportgen.cli.outcome import Outcome, gate_in_force
from reportgen.cli.signals import Terminated
from reportgen.cli.streams import forget_lost_output
from reportgen.cli.supervision import Attempt, Stage
from reportgen.options import COMPARED, ReportOptions

if TYPE_CHECKING:
    from reportgen.report import Comparison

REGRESSED = 1
_WRITING, _WHOLE = "Writing the page", "the files are all new or all as they were"

Model = Annotated[
    Path,
    typer.Argument(
        help="Model: .keras, HDF5, SavedModel or weights; .tflite or .onnx.", metavar="BASE", show_default=False
    ),
]
NewModel = Annotated[
    Path, typer.Argument(help="The model that is judged, likewise.", metavar="NEW", show_default=False)
]
FailOn = Annotated[
    Literal["regression"] | None,
    typer.Option(
        "--fail-on",
        help="Exit with code 1 if the new model is certainly worse; the page is written. Default: never.",
        rich_help_panel=GATES,
    ),
]
_OUTCOME = ("output", "json_path", "pdf_path", "pdf_full", "paper", "max_size", "open_page", "timings", "quiet")


@takes("options", ReportOptions, *COMPARED)
@takes("outcome", Outcome, *_OUTCOME, output=Path("comparison.html"))
def compare(
    context: typer.Context,
    base: Model,
    new: NewModel,
    *,
    samples: SampleSources = None,
    labels: Labels = None,
    class_names: ClassNames = None,
    config: Config = None,
    fail_on: FailOn = None,
    options: ReportOptions,
    outcome: Outcome,
) -> None:
    """Write a page on whether a new model is better than a base, and on what differs."""
    from reportgen.cli.terminal import StageTimes, quiet_standard_error, shown_stages
    from reportgen.rendering import large_page_warning

    attempt: Attempt = context.obj
    options.check()
    outcome.check()
    in_force = gate_in_force(fail_on, config, of_comparison=True)
    times = StageTimes()
    inputs: dict[str, Any] = {"labels": labels, "class_names": class_names, "config": config}
    with quiet_standard_error(attempt.native) as stream:
        with shown_stages(stream, quiet=outcome.quiet) as show_stage:
            from reportgen.building.comparing import make_comparison

            def on_stage(name: str) -> None:
                attempt.tell(Stage(str(name)))
                show_stage(name)

            next_stage = times.also_tell(on_stage)
            given = given_on(context, ReportOptions)
            made = make_comparison(
                base, new, samples or None, **inputs, options=options, given=given, on_stage=next_stage
            )
            next_stage(_WRITING)
            _save(made, outcome)
            times.end()
        verdict = made.verdict
        lines = [] if outcome.quiet else [" ".join(filter(None, (verdict.conclusion, verdict.measured)))]
        if not outcome.quiet:
            lines += [f"  {'worse' if change.worse else 'better'}: {change.said}" for change in verdict.changes]
        if outcome.timings:
            lines.append(times.text())
        lines += [f"reportgen: {said}" for said in filter(None, [large_page_warning(outcome.output)])]
        if in_force.unheeded:
            lines.append(f"reportgen: {in_force.unheeded}")
        if in_force.gate and made.regressed:
            origin = f" ({in_force.set_by})" if in_force.set_by else ""
            lines.append(f"reportgen: --fail-on regression{origin}: failed.")
        stream.writelines(f"{line}\n" for line in lines)
    typer.echo(outcome.output)
    forget_lost_output()  # the page is there, whoever hears of it
    if outcome.open_page:
        typer.launch(outcome.output.absolute().as_uri())
    if in_force.gate and made.regressed:
        raise typer.Exit(REGRESSED)


def _save(made: Comparison, outcome: Outcome) -> None:
    try:
        made.save(
            outcome.output,
            json_path=outcome.json_path,
            pdf_path=outcome.pdf_path,
            paper=outcome.paper,
            pdf_full=outcome.pdf_full,
            max_megabytes=outcome.max_size,
        )
    except KeyboardInterrupt as error:
        raise Terminated(left=_WHOLE) from error
    except Terminated as error:
        raise Terminated(error.number, left=_WHOLE) from error
