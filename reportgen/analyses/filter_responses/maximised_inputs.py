"""Inputs that are made to excite the channels of a layer most."""

from __future__ import annotations

from reportgen.analyses.base import AnalysisContext
from reportgen.errors import ForwardError
from reportgen.measures.effort import cost_of, effort_of
from reportgen.measures.tiles import columns_for
from reportgen.models.gradients import MAXIMISATION_STEPS, maximise_channels
from reportgen.models.graphs import layer_path
from reportgen.models.passes import LiveModel
from reportgen.results import ImageGrid, Palette
from reportgen.run import EvaluatedSamples

MAXIMISED = 8
"""Channels of a layer for which an input is made: each costs as much as the passes of all samples."""


def channels_made(name: str, channels: int, context: AnalysisContext) -> int:
    """Return for how many of a layer's channels an input is made, as far as the effort pays for them."""
    path = layer_path(name)
    last = max((place for place, call in enumerate(context.layers) if call.path == path), default=len(context.layers))
    return effort_of(context.options.effort, context.layers).made(
        min(channels, MAXIMISED),
        steps=MAXIMISATION_STEPS,
        layers=len(context.shown),
        cost=cost_of(context.layers[: last + 1]),
    )


def maximised_inputs(
    live: LiveModel | None, name: str, channels: tuple[int, ...], samples: EvaluatedSamples, context: AnalysisContext
) -> ImageGrid | None:
    """Return inputs made to excite the first of these channels most; None where none are made."""
    import keras

    chosen = channels[: channels_made(name, len(channels), context)]
    if live is None or not context.options.maximise or live.no_gradients or not chosen:
        return None
    try:
        made = maximise_channels(
            live,
            name,
            chosen,
            shape=samples.images.shape[1:],
            value_range=samples.summary.input_range,
            seed=context.options.seed,
            pack=lambda pictures: samples.with_first(samples.arrangement.undo(pictures, keras.ops)),
        )
    except ForwardError:
        return None
    images = made.images if made.images.shape[-1] == 3 else made.images.mean(axis=-1)
    return ImageGrid(
        images=images,
        labels=tuple(map(str, chosen)),
        value_range=samples.summary.input_range,
        total=len(channels),
        palette=Palette.COLOUR if images.ndim == 4 else Palette.GREY,
        columns=columns_for(len(chosen)),
        maxima=made.activations,
    )
