"""What the command line does with a finished report: the options that `build` and `demo` share."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from reportgen.cli.options import GATES, OUTPUT
from reportgen.cli.signals import Terminated
from reportgen.errors import UsageError
from reportgen.options import DEFAULTS, FAIL_ON, REGRESSION, ReportOptions, checked_gates, option, options_of, variable
from reportgen.rendering import LARGEST_PAGE, check_card, check_targets, find_browser
from reportgen.untrusted.escaping import shown

if TYPE_CHECKING:
    from reportgen.report import Comparison, Report

WRITING = "Writing the page"
_WHOLE = "the files are all new or all as they were"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What becomes of a finished report, and what is said about it; every field is an option."""

    fail_on: Literal["note", "warning", "problem"] | None = option(
        None,
        "Exit with code 1 if any finding is at or above this severity; the report is written. Default: never.",
        GATES,
    )
    output: Path = option(MISSING, "Where to write the page.", OUTPUT, flags=("--output", "-o"))
    json_path: Path | None = option(None, "Where to write the numbers as JSON.", OUTPUT, flags=("--json",))
    pdf_path: Path | None = option(
        None, "Where to write the page as PDF; needs an installed Chromium.", OUTPUT, flags=("--pdf",)
    )
    junit: Path | None = option(
        None, "Where to write JUnit XML: a test case a rule, which fails as --fail-on says.", OUTPUT
    )
    markdown: Path | None = option(None, "Where to write the page in short as Markdown, as for a pull request.", OUTPUT)
    metrics: Path | None = option(None, "Where to write flat numbers as JSON, as MLflow and DVC take them.", OUTPUT)
    card: Path | None = option(None, "Where to write a model card for the Hugging Face hub, such as README.md.", OUTPUT)
    pdf_full: bool = option(
        False, "Print all layers and what is folded on the page as well, as an appendix does.", OUTPUT
    )
    paper: Literal["A4", "Letter"] = option("A4", "Paper of the PDF.", OUTPUT)
    max_size: float = option(LARGEST_PAGE, "Maximum size of the page in MB.", OUTPUT, metavar="MB")
    open_page: bool = option(False, "Open the page in the browser.", OUTPUT, flags=("--open",))
    time_limit: float = option(
        30,
        "Give up a section that takes more minutes than this, and make the report without it.",
        OUTPUT,
        metavar="MINUTES",
    )
    timings: bool = option(False, "Print timings of every stage to stderr.", OUTPUT)
    quiet: bool = option(False, "No progress and no summary on standard error.", OUTPUT, flags=("--quiet", "-q"))

    @property
    def targets(self) -> Mapping[str, Path]:
        """What is written where, by the name of its form in `WRITERS`."""
        forms = {
            "html": self.output,
            "json": self.json_path,
            "pdf": self.pdf_path,
            "junit": self.junit,
            "markdown": self.markdown,
            "metrics": self.metrics,
            "card": self.card,
        }
        return {form: path for form, path in forms.items() if path is not None}

    def check(self, options: ReportOptions = DEFAULTS, *read: Any) -> None:
        """Raise an error for the first value that cannot be used; to be called before any long work.

        Args:
            options: the report's options, of which those that name files are read.
            read: what else is read, none of which may be written over: paths, and texts that may name one.
        """
        if not (math.isfinite(self.max_size) and self.max_size > 0):
            raise UsageError(f"--max-size must be a finite number of megabytes above 0. Received: {self.max_size!r}.")
        if not (math.isfinite(self.time_limit) and self.time_limit > 0):
            raise UsageError(f"--time-limit must be a finite number of minutes above 0. Received: {self.time_limit!r}.")
        flags = {"html": "--output", **{form: f"--{form}" for form in self.targets if form != "html"}}
        by_file: dict[Path, str] = {}
        for form, path in self.targets.items():
            if (other := by_file.setdefault(path.absolute(), flags[form])) != flags[form]:
                raise UsageError(f"{other} and {flags[form]} must be different files. Received: {shown(path)} twice.")
        named = [getattr(options, name) for name, asked in options_of(ReportOptions).items() if asked.text == "path"]
        for form, path in self.targets.items():
            if any(_is_same(one, path) for one in _paths((*read, *named))):
                raise UsageError(f"{flags[form]} must not be a file that is read. Received: {shown(path)}.")
        check_targets(tuple(self.targets.values()))
        if self.card is not None:
            check_card(self.card)
        if self.pdf_path is not None:
            find_browser()

    def save(self, made: Report | Comparison, *, fail_on: Any) -> None:
        """Write every form that was asked for, all of them or none.

        Args:
            made: the report or comparison.
            fail_on: its gate.

        Raises:
            OutputError: a file cannot be written, or the page is too large.
            Terminated: a signal ended it.
        """
        try:
            made.save(
                self.output,
                also={form: path for form, path in self.targets.items() if form != "html"},
                paper=self.paper,
                pdf_full=self.pdf_full,
                max_megabytes=self.max_size,
                fail_on=fail_on,
            )
        except KeyboardInterrupt as error:
            raise Terminated(left=_WHOLE) from error
        except Terminated as error:
            raise Terminated(error.number, left=_WHOLE) from error


def _paths(value: Any) -> Iterator[Path]:
    """Yield the paths that options may name: each as it is, behind 'NAME=' and before ':ARRAY'."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for one in value:
            yield from _paths(one)
    elif isinstance(value, str | Path) and (text := str(value)):
        source = text.partition("=")[2] or text
        yield from map(Path, {text, source, source.rpartition(":")[0] or source})


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there, or no file can have its name
        return False


@dataclass(frozen=True)
class InForce:
    """A gate in force.

    Attributes:
        gate: the severity for reports, 'regression' for comparisons; None for no gate.
        set_by: the file or variable that set it; '' where it was given.
        unheeded: one line on a gate that is set for the other kind of page alone; '' where there is none.
    """

    gate: str | None
    set_by: str = ""
    unheeded: str = ""


def with_gate(outcome: Outcome, config: Path | None) -> tuple[Outcome, InForce]:
    """Return the outcome with the gate in force, see `gate_in_force`."""
    found = gate_in_force(outcome.fail_on, config)
    return replace(outcome, fail_on=cast(Any, found.gate)), found


def gate_in_force(given: str | None, config: Path | None, *, of_comparison: bool = False) -> InForce:
    """Return the gate of the environment or the configuration where none was given, and what set it.

    Both may set one for reports, which is a severity, and one for comparisons, 'regression'; each command heeds its own.

    Args:
        given: on the command line.
        config: as for --config.
        of_comparison: whether two models are compared.

    Raises:
        UsageError: the configuration cannot be read, or a gate is none.
    """
    from reportgen.options import read_configuration

    if given is not None:
        return InForce(given)
    configuration, name = read_configuration(config), variable(FAIL_ON)
    words = [one.strip() for one in os.environ.get(name, "").split(";") if one.strip()]
    gates, origin = (checked_gates(words, of=name), name) if words else (configuration.fail_on, configuration.name)
    own = next((gate for gate in gates if (gate == REGRESSION) == of_comparison), None)
    if own is not None:
        return InForce(own, origin)
    if not gates:
        return InForce(None)
    kinds = ("a comparison", "reports") if of_comparison else ("a report", "comparisons")
    wanted = REGRESSION if of_comparison else "note, warning or problem"
    return InForce(
        None,
        unheeded=f"fail-on {gates[0]} (set by {origin}) is a gate for {kinds[1]}: {kinds[0]} has none until it is {wanted}, "
        "which may stand beside it.",
    )
