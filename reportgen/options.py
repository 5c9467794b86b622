"""What a user can ask for, with the defaults that the command line and the Python interface share."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reportgen.errors import UsageError
from reportgen.messages import LANGUAGES
from reportgen.samples.scale import SCALES
from reportgen.samples.select import check_selection

_OF_SAMPLES = ("select", "scale", "max_evaluated", "resize", "skip_bad")
MAP_SCALES = ("layer", "map")
ATTRIBUTIONS = ("hirescam", "gradcam", "layercam", "integrated-gradients")


@dataclass(frozen=True, kw_only=True)
class AnalysisOptions:
    """The options that change what is computed or shown.

    Attributes:
        seed: of every random draw.
        bins: of the weight histograms, at least 1.
        kernel_range: the kernels' colour scale ends at plus and minus this; None takes the largest absolute weight
            shown.
        map_scale: 'layer' for one scale for each layer, 'map' for one for each feature map.
        max_tiles: largest number of kernels or maps in one grid, at least 1.
        redraws: fresh draws that every kernel is compared with, at least 5.
        attribution: keys of the attribution methods, in order; empty for none.
        maximise: whether inputs are made that excite the shown layers' channels most.
    """

    seed: int = 0
    bins: int = 60
    kernel_range: float | None = None
    map_scale: Literal["layer", "map"] = "layer"
    max_tiles: int = 64
    redraws: int = 20
    attribution: tuple[str, ...] = ("hirescam",)
    maximise: bool = False


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Everything that changes a report, apart from the model and the samples.

    Attributes:
        select: which samples to show, see `parse_selection`; None chooses one of each class, or the first eight.
        layers: names or patterns of the layers to show; empty for the first two convolutions.
        title: of the page; None for one made of the model's name.
        note: what the reviewer should know, shown on the page.
        lang: language of the page, 'en' or 'ko'; the JSON is English.
        redact: whether all is left out that would show the samples or whose they are, see `redact`.
        seed: of every random draw, at least 0.
        scale: 'auto', 'none', 'unit' or 'symmetric', see `choose_scaling`.
        bins: of the weight histograms, 1 to 1,000.
        kernel_range: end of the kernels' colour scale, above 0; None takes the largest absolute weight shown.
        map_scale: 'layer' or 'map'.
        max_tiles: largest number of kernels or maps in one grid, 1 to 1,024.
        attribution: methods of 'hirescam', 'gradcam', 'layercam' and 'integrated-gradients', or 'none' alone.
        maximise: whether inputs are made that excite the shown layers' channels most.
        max_evaluated: largest number of samples to run the model on, at least 1.
        redraws: fresh draws of its own initialiser that every kernel is compared with, 5 to 1,000.
        resize: whether images of other sizes are resized to the model's input.
        skip_bad: whether image files that cannot be read are skipped.
        allow_custom_code: whether functions that the file brings along, such as those of Lambda layers, are run.
        custom_objects: modules, by name or as .py files, whose layers and functions the model may use; they are imported.
        memory_limit: gigabytes that the model's weights and its largest activation may take, above 0; None takes half of
            the machine's memory.
    """

    select: str | None = None
    layers: tuple[str, ...] = ()
    title: str | None = None
    note: str = ""
    lang: Literal["en", "ko"] = "en"
    redact: bool = False
    seed: int = 0
    scale: Literal["auto", "none", "unit", "symmetric"] = "auto"
    bins: int = 60
    kernel_range: float | None = None
    map_scale: Literal["layer", "map"] = "layer"
    max_tiles: int = 64
    attribution: tuple[str, ...] = ("hirescam",)
    maximise: bool = False
    max_evaluated: int = 1000
    redraws: int = 20
    resize: bool = False
    skip_bad: bool = False
    allow_custom_code: bool = False
    custom_objects: tuple[str, ...] = ()
    memory_limit: float | None = None

    def check(self) -> None:
        """Raise UsageError for the first value that cannot be used."""
        check_selection(self.select)
        _one_of("lang", self.lang, LANGUAGES)
        _one_of("scale", self.scale, SCALES)
        _one_of("map-scale", self.map_scale, MAP_SCALES)
        for method in self.attribution if self.attribution != ("none",) else ():
            _one_of("attribution", method, ATTRIBUTIONS, or_alone="none")
        _within("seed", self.seed, 0, 2**63 - 1)
        _within("bins", self.bins, 1, 1000)
        _within("max-tiles", self.max_tiles, 1, 1024)
        _within("redraws", self.redraws, 5, 1000)
        _within("max-evaluated", self.max_evaluated, 1, 2**31)
        if self.memory_limit is not None and not (math.isfinite(self.memory_limit) and self.memory_limit > 0):
            raise UsageError(
                f"--memory-limit must be a finite number of gigabytes above 0. Received: {self.memory_limit}."
            )
        if self.kernel_range is not None and not _is_positive(self.kernel_range):
            raise UsageError(f"--kernel-range must be a finite number above 0. Received: {self.kernel_range!r}.")

    def check_without_samples(self, others: Mapping[str, Any]) -> None:
        """Raise UsageError for what was asked of samples where none were given: without them many rules find nothing.

        Args:
            others: what was given beside these options, by option name; None for what was not.
        """
        given = {name: value for name, value in others.items() if value is not None}
        for name in _OF_SAMPLES:
            if getattr(self, name) != getattr(DEFAULTS, name):
                given[name.replace("_", "-")] = getattr(self, name)
        if given:
            named = [f"--{name}" for name in given]
            listed = " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
            raise UsageError(
                f"--samples must be given with {listed}. Received: no samples. Give --samples SOURCE, or leave "
                f"{'it' if len(named) == 1 else 'them'} out."
            )

    @property
    def memory_limit_bytes(self) -> int | None:
        """The memory limit in bytes, or None."""
        return None if self.memory_limit is None else int(self.memory_limit * 1e9)

    def for_analyses(self) -> AnalysisOptions:
        """Return the part that analyses see."""
        return AnalysisOptions(
            seed=self.seed,
            bins=self.bins,
            kernel_range=self.kernel_range,
            map_scale=self.map_scale,
            max_tiles=self.max_tiles,
            redraws=self.redraws,
            attribution=() if self.attribution == ("none",) else tuple(dict.fromkeys(self.attribution)),
            maximise=self.maximise,
        )


DEFAULTS = ReportOptions()


def names_of(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return names that may have been given as one; none for None."""
    if names is None:
        return ()
    return (names,) if isinstance(names, str) else tuple(map(str, names))


def _one_of(name: str, value: str, accepted: tuple[str, ...], *, or_alone: str = "") -> None:
    if value not in accepted:
        listed = ", ".join(accepted) + (f", or {or_alone} alone" if or_alone else "")
        raise UsageError(f"--{name} must be one of {listed}. Received: {value!r}.")


def _is_positive(value: object) -> bool:
    return isinstance(value, numbers.Real) and math.isfinite(value) and float(value) > 0


def _within(name: str, value: object, low: int, high: int) -> None:
    if not (isinstance(value, numbers.Integral) and low <= int(value) <= high):
        raise UsageError(f"--{name} must be a whole number from {low} to {high}. Received: {value!r}.")
