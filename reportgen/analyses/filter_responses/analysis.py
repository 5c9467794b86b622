"""What filters respond to: beside each kernel, the patches of the samples that excite its channel most."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.filter_responses.kernel_tiles import kernel_tiles
from reportgen.analyses.filter_responses.maximised_inputs import (
    MAXIMISED,
    channels_made,
    maximised_inputs,
)
from reportgen.analyses.filter_responses.results import ChannelResponses, FilterResponsesResult, LayerResponses
from reportgen.errors import ForwardError
from reportgen.measures.effort import STANDARD
from reportgen.messages import say
from reportgen.models.gradients import MAXIMISATION_STEPS
from reportgen.models.graphs import layer_path
from reportgen.models.passes import SAMPLES_KEPT, CompiledModel, Placement, TopPositions
from reportgen.results import Finding, Limits, Panel, PanelGrid, Rule
from reportgen.run import EvaluatedSamples, cut_patches, excited_channels

_FEWEST = 4  # where the page has little room
CHANNELS = 16
"""Channels shown of a layer: those with the largest answers."""

_COLUMNS = 4
_COMPILED = say("No inputs are synthesised: this processor cannot compute gradients through a channels-first model.")
_PATCH_PIXELS = 120_000  # of all patches of a layer
_ONLY_IMAGES = say("No inputs are synthesised: that works for images only.")
_AXES = (1, 2, 3)  # along time, of images and of volumes


class FilterResponses:
    """Shows the patches that excite the channels of the shown layers most."""

    name = "filter_responses"
    title = say("What filters respond to")
    rules: tuple[Rule, ...] = ()
    looks_inside = True

    def run(self, context: AnalysisContext) -> FilterResponsesResult | Skip:
        """Return the patches; a skip without samples or without a layer whose answers can be traced back to pixels."""
        samples, live = context.samples, context.live
        if samples is None or live is None:
            return Skip(context.no_samples_reason)
        axes = samples.images.ndim - 2
        tops = {name: top for name, top in samples.activations.top.items() if len(top.size) == axes}
        if not tops or axes not in _AXES:
            return Skip(_no_maps(context, samples))
        try:
            placed = context.placements
        except ForwardError as error:
            return Skip(say("The model could not be traced back to its pixels. Received: {error}", error=str(error)))
        not_made = _COMPILED if isinstance(live.model, CompiledModel) else live.no_gradients
        not_made = not_made if axes == 2 else _ONLY_IMAGES
        pixels = min(_PATCH_PIXELS, context.plan.patch_pixels // len(tops))
        layers = tuple(
            _layer(name, tops[name], placed[name], samples, context, pixels) for name in tops if name in placed
        )
        left_out = tuple(name for name in tops if name not in placed)
        shown = tuple(layer for layer in layers if layer is not None)
        if not shown:
            return Skip(say("The responses of these layers cannot be traced back to input pixels."))
        return FilterResponsesResult(
            layers=shown,
            left_out=left_out,
            evaluated=samples.evaluated,
            patches=SAMPLES_KEPT,
            steps=MAXIMISATION_STEPS if context.options.maximise and not not_made else None,
            seed=context.options.seed,
            not_maximised=(not_made or _unpaid(shown, context)) if context.options.maximise else "",
        )

    def findings(self, result: FilterResponsesResult, limits: Limits) -> Iterable[Finding]:
        """Return nothing: patches are looked at, not judged."""
        del result, limits
        return ()


def _unpaid(layers: tuple[LayerResponses, ...], context: AnalysisContext) -> str:
    """Return what was not made as the effort does not pay for it, one sentence; '' where all was."""
    wanted = sum(min(MAXIMISED, len(layer.channels)) for layer in layers)
    made = sum(channels_made(layer.name, len(layer.channels), context) for layer in layers)
    if made == wanted:
        return ""
    return say(
        "Inputs were synthesised for {made} of {wanted} channels, the budget of effort “{effort}”; --effort full "
        "makes all.",
        made=made,
        wanted=wanted,
        effort=context.options.effort or STANDARD,
    )


def _no_maps(context: AnalysisContext, samples: EvaluatedSamples) -> str:
    axes = samples.images.ndim - 2
    if axes not in _AXES:
        return say("Patches need signals, images or volumes; these samples are none of them.")
    if not any(len(layer.output_shape or ()) == axes + 1 for layer in context.layers):
        return say("No layer of this model keeps the input's axes, so there are no patches to cut.")
    return say("No layer that was run keeps the input's axes; --layers NAME chooses one that does.")


def _layer(
    name: str, top: TopPositions, placed: Placement, samples: EvaluatedSamples, context: AnalysisContext, pixels: int
) -> LayerResponses | None:
    channels = excited_channels(top.values, min(CHANNELS, max(_FEWEST, context.plan.tiles // 2)))
    if not channels:
        return None
    live = context.live
    patches, palette, value_range = cut_patches(top, placed, channels, samples, pixels=pixels)
    kernel = next((k for k in context.kernels if k.path == layer_path(name) and k.is_spatial), None)
    tiles = None if kernel is None else kernel_tiles(kernel, channels, patches.shape[2:4])
    panels = [Panel(patches[:, rank], value_range, palette) for rank in range(patches.shape[1])]
    if tiles is not None:
        panels.insert(0, tiles)
    responses = tuple(_responses(top, samples, channel) for channel in channels)
    return LayerResponses(
        name=name,
        field=placed.size,
        jump=placed.jump,
        total=top.values.shape[1],
        silent=int((top.values[0] <= 0).sum()),
        kernel_size=kernel.shape[: len(top.size)] if kernel is not None and tiles is not None else None,
        input_channels=0 if kernel is None else kernel.by_filter(kernel.values()).shape[-1],
        reduction=-(-placed.size[-1] // patches.shape[3]),
        beyond=bool(np.isnan(patches).any()),
        figure=PanelGrid(tuple(panels), tuple(map(str, channels)), min(_COLUMNS, len(channels)), top.values.shape[1]),
        channels=responses,
        maximised=maximised_inputs(live, name, channels, samples, context) if len(top.size) == 2 else None,
    )


def _responses(top: TopPositions, samples: EvaluatedSamples, channel: int) -> ChannelResponses:
    count = int(np.isfinite(top.values[:, channel]).sum())
    places = np.stack(np.unravel_index(top.places[:count, channel], top.size), axis=1)
    return ChannelResponses(
        channel=channel,
        values=tuple(map(float, top.values[:count, channel])),
        samples=tuple(samples.index(int(position)) for position in top.samples[:count, channel]),
        places=tuple(tuple(map(int, place)) for place in places),
    )
