"""`reportgen verify`: whether a page is as it was written, of these files, and comes out again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from reportgen.cli.options import ClassNames, Config, History, Labels, SampleSources, takes
from reportgen.cli.supervision import Attempt, Stage
from reportgen.errors import UsageError
from reportgen.messages import listed
from reportgen.options import OF_THE_VERIFIER, ReportOptions
from reportgen.untrusted.escaping import base_name

DIFFERENT = 1
_MOST_LINES = 50


@takes("options", ReportOptions, *OF_THE_VERIFIER)
def verify(
    context: typer.Context,
    report: Annotated[Path, typer.Argument(help="A page that reportgen wrote.", metavar="REPORT", show_default=False)],
    model: Annotated[
        Path | None,
        typer.Argument(help="The model file that it was made of.", metavar="[MODEL]", show_default=False),
    ] = None,
    *,
    samples: SampleSources = None,
    labels: Labels = None,
    class_names: ClassNames = None,
    history: History = None,
    config: Config = None,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Make the report again, and compare numbers, words and pictures.")
    ] = False,
    options: ReportOptions,
) -> None:
    """Tell what was changed in a written report, and whether it is of these files. Exit code 1 for any difference."""
    options.check()
    if model is None and (samples or recompute):
        raise UsageError(
            f"MODEL must be given with {'--recompute' if recompute else '--samples'}. Received: a report alone."
        )
    inputs = {"samples": samples or None, "labels": labels, "class_names": class_names}
    differences, said = _verified(
        report, model, inputs, history, config, options, attempt=context.obj, recompute=recompute
    )
    for line in differences[:_MOST_LINES]:
        typer.echo(line)
    if len(differences) > _MOST_LINES:
        typer.echo(f"and {len(differences) - _MOST_LINES:,} more differences.")
    if differences:
        raise typer.Exit(DIFFERENT)
    typer.echo(f"{base_name(report)}: {'; '.join(said)}.")


def _verified(
    report: Path,
    model: Path | None,
    inputs: dict[str, Any],
    history: str | None,
    config: Path | None,
    options: ReportOptions,
    *,
    attempt: Attempt,
    recompute: bool,
) -> tuple[list[str], list[str]]:
    """Return every difference, and what was found to be the same."""
    from reportgen.cli.terminal import quiet_standard_error, shown_stages
    from reportgen.verification import (
        missing_inputs,
        model_differences,
        read_recorded,
        rebuild,
        recorded_options,
        report_differences,
        samples_differences,
    )

    recorded = read_recorded(report)
    differences, said = list(recorded.differences), ["nothing was changed since it was written"]
    if model is None or not recorded.document:
        return differences, said
    if recorded.value("provenance", of=dict) is None:  # a comparison, or the index of a batch
        raise UsageError(
            f"MODEL must be left out: the page is no report on one model. Received: {base_name(report)} and "
            f"{base_name(model)}. Give the page alone, to tell what was changed in it."
        )

    with (
        quiet_standard_error(attempt.native) as stream,
        shown_stages(stream, quiet=False) as show_stage,
    ):
        differences += model_differences(recorded, model)
        said.append("the model file has the SHA-256 that it tells")
        if not (inputs["samples"] or recompute):
            return differences, said
        try:
            own = recorded_options(recorded, options)
        except UsageError as error:
            return [*differences, str(error)], said
        has_samples = recorded.value("samples", of=dict) is not None
        if recompute and has_samples and not inputs["samples"]:
            raise UsageError(
                "--samples must be given, as the report has samples. Received: none. Give --samples SOURCE."
            )
        missing = missing_inputs(recorded, {**inputs, "history": history}, options, recompute=recompute)
        if missing:
            raise UsageError(
                f"{listed(missing)} must be given, as the report was made with {'it' if len(missing) == 1 else 'them'}. "
                f"Received: {base_name(report)} without. Give what it was made with; the page's command names it."
            )
        if not recompute:
            said.append("so have the samples")
            return [*differences, *samples_differences(recorded, model, **inputs, options=own)], said

        def on_stage(name: str) -> None:
            attempt.tell(Stage(str(name)))
            show_stage(name)

        again = rebuild(
            recorded,
            model,
            **inputs,
            history=history,
            config=config,
            options=own,
            on_stage=on_stage,
            on_progress=show_stage.tell,
        )
        on_stage("Comparing")
        said.append("made again, it has the same numbers, words and pictures")
        return [*differences, *report_differences(recorded, again)], said
