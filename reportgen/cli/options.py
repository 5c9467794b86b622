"""The options of the command line: their types, help texts and panels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

_MODEL, _SAMPLES, _PICTURES, _PAGE, _GATES, _OUTPUT = (
    "Model",
    "Samples",
    "Weights and pictures",
    "Page",
    "Rules and gates",
    "Output",
)

AllowCustomCode = Annotated[
    bool,
    typer.Option(
        "--allow-custom-code",
        help="Run functions that the model file brings along, such as those of Lambda layers. Only if you trust the file.",
        rich_help_panel=_MODEL,
    ),
]
CustomObjects = Annotated[
    list[str] | None,
    typer.Option(
        help="Module or .py file whose layers and functions the model may use; it is imported. May be repeated.",
        metavar="MODULE",
        rich_help_panel=_MODEL,
    ),
]
MemoryLimit = Annotated[
    float | None,
    typer.Option(
        help="Gigabytes that the model may take. Default: half of the machine's memory.",
        metavar="GB",
        rich_help_panel=_MODEL,
    ),
]
Samples = Annotated[
    list[str] | None,
    typer.Option(
        help="Samples to run: FILE.npz, FILE.npz:ARRAY, FILE.npy, an image, a folder of images (or a folder for each class), "
        "an IDX file, or fashion_mnist, mnist, cifar10, cifar100. Repeated: one after the other, or for each input of the "
        "model as NAME=SOURCE.",
        metavar="SOURCE",
        rich_help_panel=_SAMPLES,
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Labels of the samples: .npy, .npz, .txt, .csv (labels, or file names and labels) or IDX; none leaves out those "
        "found with the samples, as of class folders.",
        metavar="FILE",
        rich_help_panel=_SAMPLES,
    ),
]
ClassNames = Annotated[
    str | None,
    typer.Option(
        help="Names of the classes in the model's order: a text file with one on each line, or names with commas between "
        "them. Class folders are found among them by name.",
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
AttributionOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Attribution methods, with commas: hirescam (the default), gradcam, layercam, "
        "integrated-gradients; or none.",
        metavar="METHODS",
        rich_help_panel=_PICTURES,
    ),
]
Maximise = Annotated[
    bool,
    typer.Option(
        "--maximise", help="Make inputs that excite the shown layers' channels most (slow).", rich_help_panel=_PICTURES
    ),
]
Redraws = Annotated[
    int,
    typer.Option(
        help="Fresh draws of its own initialiser that each kernel is compared with.",
        metavar="N",
        rich_help_panel=_PICTURES,
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of every random draw.", metavar="N", rich_help_panel=_PICTURES)]
Title = Annotated[
    str | None, typer.Option(help="Title of the page. Default: the model's name, or the file's.", rich_help_panel=_PAGE)
]
Note = Annotated[str, typer.Option(help="What the reviewer should know, shown on the page.", rich_help_panel=_PAGE)]
Lang = Annotated[
    Literal["en", "ko"], typer.Option(help="Language of the page: English or Korean.", rich_help_panel=_PAGE)
]
Redact = Annotated[
    bool,
    typer.Option(
        "--redact",
        help="Leave out what shows the samples or whose they are: pictures, labels, names, title and note.",
        rich_help_panel=_PAGE,
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Where to write the page.", rich_help_panel=_OUTPUT)]
JsonPath = Annotated[
    Path | None, typer.Option("--json", help="Where to write the numbers as JSON.", rich_help_panel=_OUTPUT)
]
PdfPath = Annotated[
    Path | None,
    typer.Option("--pdf", help="Where to write the page as PDF; needs an installed Chromium.", rich_help_panel=_OUTPUT),
]
Paper = Annotated[Literal["A4", "Letter"], typer.Option(help="Paper of the PDF.", rich_help_panel=_OUTPUT)]
Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser.", rich_help_panel=_OUTPUT)]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no summary on standard error.", rich_help_panel=_OUTPUT)
]
Config = Annotated[
    Path | None,
    typer.Option(
        help="Thresholds and severities of rules, as TOML: \\[rules], or \\[tool.reportgen.rules] of a project file. "
        "Default: pyproject.toml in the working folder.",
        metavar="FILE",
        rich_help_panel=_GATES,
    ),
]
FailOn = Annotated[
    Literal["note", "warning", "problem"] | None,
    typer.Option(
        help="End with exit code 1, the report written, when there is a finding of this severity or a higher one. "
        "Default: never.",
        rich_help_panel=_GATES,
    ),
]
MaxSize = Annotated[
    float,
    typer.Option(help="Refuse to write a page of more megabytes than this.", metavar="MB", rich_help_panel=_OUTPUT),
]
Timings = Annotated[
    bool,
    typer.Option("--timings", help="List the cost of every stage on standard error.", rich_help_panel=_OUTPUT),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
