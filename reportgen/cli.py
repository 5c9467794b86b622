"""The command line: parse, call, and map errors to exit codes.

Exit codes: 0 written, 2 usage, 3 model, 4 samples, 5 output, 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reportgen import __version__
from reportgen.errors import ReportgenError, UsageError
from reportgen.options import DEFAULTS, ReportOptions

INTERRUPTED = 130
# Typer carries click with it under another name in newer releases; its errors have this base in all of them.
_CommandLineError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    name="reportgen",
    help="Write one self-contained HTML page of evidence about a trained Keras convolutional network.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_SAMPLES, _PICTURES, _PAGE, _OUTPUT = "Samples", "Weights and pictures", "Page", "Output"

Samples = Annotated[
    str | None,
    typer.Option(
        help="Samples to run: FILE.npz, FILE.npz:ARRAY, FILE.npy, an image, a folder of images (or a folder for each class), "
        "an IDX file, or fashion_mnist, mnist, cifar10, cifar100.",
        metavar="SOURCE",
        rich_help_panel=_SAMPLES,
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Labels of the samples: .npy, .npz, .txt, .csv or IDX.", metavar="FILE", rich_help_panel=_SAMPLES
    ),
]
ClassNames = Annotated[
    str | None,
    typer.Option(
        help="Names of the classes: a text file with one on each line, or names with commas between them.",
        metavar="FILE|NAMES",
        rich_help_panel=_SAMPLES,
    ),
]
Select = Annotated[
    str | None,
    typer.Option(
        help="Which samples to show: 0,5,7, first:N, per-class:N, random:N, hardest:N or easiest:N. "
        "Default: per-class:1 with labels, first:8 without.",
        metavar="RULE",
        rich_help_panel=_SAMPLES,
    ),
]
ScaleOption = Annotated[
    Literal["auto", "none", "unit", "symmetric"],
    typer.Option(
        help="How stored values reach the model: auto divides unsigned bytes by 255 unless the model rescales by itself; "
        "none leaves them; unit divides by 255; symmetric brings 0..255 to -1..1.",
        rich_help_panel=_SAMPLES,
    ),
]
MaxEvaluated = Annotated[
    int, typer.Option(help="Run the model on so many samples at the most.", metavar="N", rich_help_panel=_SAMPLES)
]
Resize = Annotated[
    bool, typer.Option("--resize", help="Resize images to the model's input (bilinear).", rich_help_panel=_SAMPLES)
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Skip image files that cannot be read.", rich_help_panel=_SAMPLES)
]
Layers = Annotated[
    list[str] | None,
    typer.Option(
        help="Layers to show, as names or patterns, with commas or repeated. Default: the first two convolutions.",
        metavar="NAMES",
        rich_help_panel=_PICTURES,
    ),
]
Bins = Annotated[int, typer.Option(help="Bins of the weight histograms.", metavar="N", rich_help_panel=_PICTURES)]
KernelRange = Annotated[
    float | None,
    typer.Option(
        help="End of the kernels' colour scale. Default: from each layer's weights.",
        metavar="X",
        rich_help_panel=_PICTURES,
    ),
]
MapScaleOption = Annotated[
    Literal["layer", "map"],
    typer.Option(help="One colour scale for each layer, or one for each feature map.", rich_help_panel=_PICTURES),
]
MaxTiles = Annotated[
    int, typer.Option(help="Largest number of kernels or maps in a grid.", metavar="N", rich_help_panel=_PICTURES)
]
Seed = Annotated[int, typer.Option(help="Seed of every random draw.", metavar="N", rich_help_panel=_PICTURES)]
Title = Annotated[str | None, typer.Option(help="Title of the page. Default: the model's name.", rich_help_panel=_PAGE)]
Note = Annotated[str, typer.Option(help="What the reviewer should know, shown on the page.", rich_help_panel=_PAGE)]
Output = Annotated[Path, typer.Option("--output", "-o", help="Where to write the page.", rich_help_panel=_OUTPUT)]
JsonPath = Annotated[
    Path | None, typer.Option("--json", help="Where to write the numbers as JSON.", rich_help_panel=_OUTPUT)
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser.", rich_help_panel=_OUTPUT)]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no summary on standard error.", rich_help_panel=_OUTPUT)
]


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
def build(
    model: Annotated[Path, typer.Argument(help="A .keras or HDF5 model file.", metavar="MODEL", show_default=False)],
    samples: Samples = None,
    labels: Labels = None,
    class_names: ClassNames = None,
    select: Select = DEFAULTS.select,
    scale: ScaleOption = DEFAULTS.scale,
    max_evaluated: MaxEvaluated = DEFAULTS.max_evaluated,
    resize: Resize = DEFAULTS.resize,
    skip_bad: SkipBad = DEFAULTS.skip_bad,
    layers: Layers = None,
    bins: Bins = DEFAULTS.bins,
    kernel_range: KernelRange = DEFAULTS.kernel_range,
    map_scale: MapScaleOption = DEFAULTS.map_scale,
    max_tiles: MaxTiles = DEFAULTS.max_tiles,
    seed: Seed = DEFAULTS.seed,
    title: Title = DEFAULTS.title,
    note: Note = DEFAULTS.note,
    output: Output = Path("report.html"),
    json_path: JsonPath = None,
    open_page: Open = False,
    quiet: Quiet = False,
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
        seed=seed,
        title=title,
        note=note,
    )
    inputs = {"samples": samples, "labels": labels, "class_names": class_names}
    _write(model, inputs, options, output=output, json_path=json_path, open_page=open_page, quiet=quiet)


@app.command()
def demo(
    output: Output = Path("demo-report.html"),
    json_path: JsonPath = None,
    open_page: Open = False,
    quiet: Quiet = False,
) -> None:
    """Write the report of the model that comes with reportgen, on 200 images of Fashion-MNIST."""
    from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES, TITLE

    inputs = {"samples": SAMPLES, "labels": None, "class_names": CLASS_NAMES}
    options = ReportOptions(title=TITLE)
    _write(
        MODEL,
        inputs,
        options,
        output=output,
        json_path=json_path,
        open_page=open_page,
        quiet=quiet,
        command="reportgen demo",
    )


def _split(layers: list[str] | None) -> tuple[str, ...]:
    return tuple(name.strip() for names in layers or () for name in names.split(",") if name.strip())


def _write(
    model: Path,
    inputs: dict[str, Any],
    options: ReportOptions,
    *,
    output: Path,
    json_path: Path | None,
    open_page: bool,
    quiet: bool,
    command: str | None = None,
) -> None:
    from reportgen.output import check_writable
    from reportgen.terminal import findings_text, quiet_standard_error, shown_stages

    options.check()
    if json_path is not None and json_path.absolute() == output.absolute():
        raise UsageError(f"--output and --json must be different files. Received: {output} for both.")
    for path in (output, *([json_path] if json_path else [])):
        check_writable(path)
    with quiet_standard_error() as stream:
        with shown_stages(stream, quiet=quiet) as on_stage:
            from reportgen.api import make_report

            report = make_report(model, **inputs, options=options, command=command, on_stage=on_stage)
            on_stage("Writing the page")
            report.save(output, json_path=json_path)
        if not quiet:
            stream.write(f"{findings_text(report.findings)}\n")
    typer.echo(output)
    if open_page:
        typer.launch(output.absolute().as_uri())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; errors are one line on standard error."""
    sys.exit(run(arguments))


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
        message = " ".join(error.format_message().split()).rstrip(".")
        return _fail(f"{message}{'' if message.endswith('?') else '.'} See reportgen --help.", UsageError.exit_code)
    except typer.Abort:
        result = INTERRUPTED
    if result == INTERRUPTED:  # what newer releases of Typer return instead of raising Abort
        return _fail("interrupted; nothing was written.", INTERRUPTED)
    return result if isinstance(result, int) else 0


def _fail(message: str, code: int) -> int:
    print(f"reportgen: {message}", file=sys.stderr)  # noqa: T201 - the one place that reports errors
    return code
