"""`reportgen compare`: whether a new model is better than a base, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reportgen.cli.options import GATES, ClassNames, Config, Labels, SampleSources, given_on, takes
from reportgen.cli.outcome import WRITING, Outcome, gate_in_force
from reportgen.cli.streams import forget_lost_output
from reportgen.cli.supervision import Attempt, Stage
from reportgen.options import COMPARED, ReportOptions

REGRESSED = 1

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
_OUTCOME = (
    *("output", "json_path", "pdf_path", "junit", "markdown", "metrics"),
    *("pdf_full", "paper", "max_size", "open_page", "timings", "quiet"),
)


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
    from reportgen.cli.github import read_as_text, told_github
    from reportgen.cli.terminal import StageTimes, quiet_standard_error, regression_text, shown_stages, verdict_text
    from reportgen.rendering import Asked, large_page_warning

    attempt: Attempt = context.obj
    options.check()
    inputs: dict[str, Any] = {"labels": labels, "class_names": class_names, "config": config}
    outcome.check(options, base, new, samples, inputs)
    in_force = gate_in_force(fail_on, config, of_comparison=True)
    times = StageTimes()
    with quiet_standard_error(attempt.native) as stream:
        with shown_stages(stream, quiet=outcome.quiet) as show_stage:
            from reportgen.building.comparing import make_comparison

            def on_stage(name: str) -> None:
                attempt.tell(Stage(str(name)))
                show_stage(name)

            next_stage = times.also_tell(on_stage)
            given = given_on(context, ReportOptions)
            made = make_comparison(
                base,
                new,
                samples or None,
                **inputs,
                options=options,
                given=given,
                on_stage=next_stage,
                on_progress=show_stage.tell,
            )
            next_stage(WRITING)
            outcome.save(made, fail_on=in_force.gate)
            times.end()
        if not outcome.quiet:
            with read_as_text(stream):
                stream.write(f"{verdict_text(made.verdict)}\n")
        if outcome.timings:
            stream.write(f"{times.text()}\n")
        gate = regression_text(made, set_by=in_force.set_by) if in_force.gate else ""
        unsaid = told_github(made, stream, asked=Asked(fail_on_regression=in_force.gate is not None))
        with read_as_text(stream):
            for said in filter(None, (large_page_warning(outcome.output), gate, in_force.unheeded, unsaid)):
                stream.write(f"reportgen: {said}\n")
    typer.echo(outcome.output)
    forget_lost_output()  # the page is there, whoever hears of it
    if outcome.open_page:
        typer.launch(outcome.output.absolute().as_uri())
    if in_force.gate and made.regressed:
        raise typer.Exit(REGRESSED)
