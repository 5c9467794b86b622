"""What the command line does with a finished report: the options that `build` and `demo` share, as one object."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from reportgen.cli.options import FailOn, JsonPath, MaxSize, Open, Output, Paper, PdfPath, Quiet, Timings
from reportgen.errors import UsageError
from reportgen.rendering.output import LARGEST_PAGE, check_targets
from reportgen.rendering.pdf import find_browser


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What becomes of a finished report, and what is said about it; every field is an option, see `takes_outcome`.

    Attributes:
        fail_on: severity from which findings end in exit code 1, or None.
        output: where the page is written.
        json_path: where the numbers are written, or None.
        pdf_path: where the page is written as PDF, or None.
        paper: of the PDF.
        max_size: megabytes that the page may have.
        open_page: whether the browser opens the page.
        timings: whether the cost of each stage is listed.
        quiet: whether progress and summary are left out.
    """

    fail_on: FailOn = None
    output: Output
    json_path: JsonPath = None
    pdf_path: PdfPath = None
    paper: Paper = "A4"
    max_size: MaxSize = LARGEST_PAGE
    open_page: Open = False
    timings: Timings = False
    quiet: Quiet = False

    def check(self) -> None:
        """Raise an error for the first value that cannot be used; to be called before any long work."""
        if not (math.isfinite(self.max_size) and self.max_size > 0):
            raise UsageError(f"--max-size must be a finite number of megabytes above 0. Received: {self.max_size!r}.")
        paths = [path for path in (self.output, self.json_path, self.pdf_path) if path is not None]
        if len({path.absolute() for path in paths}) < len(paths):
            raise UsageError(f"--output, --json and --pdf must be different files. Received: {paths[-1]} twice.")
        check_targets(paths)
        if self.pdf_path is not None:
            find_browser()


def takes_outcome(output: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator: the command takes every field of `Outcome` as an option, and is given them as one `outcome`.

    Typer reads a command's options off its signature, which is therefore put together here.

    Args:
        output: file name of the page by default.
    """
    hints = get_type_hints(Outcome, include_extras=True)
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=Path(output) if field.name == "output" else field.default,
            annotation=hints[field.name],
        )
        for field in fields(Outcome)
    ]

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True)

        @functools.wraps(command)
        def run(**given: Any) -> None:
            outcome = Outcome(**{option.name: given.pop(option.name) for option in options})
            command(**given, outcome=outcome)

        kept = [parameter for name, parameter in own.parameters.items() if name != "outcome"]
        parameters = [*kept, *options]
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorated
