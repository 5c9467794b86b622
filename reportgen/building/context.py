"""What analyses get of a model: it is run on its samples here."""

from __future__ import annotations

from collections.abc import Callable

from reportgen.analyses.base import AnalysisContext
from reportgen.errors import ForwardError
from reportgen.keras_internals import quantised
from reportgen.measures.effort import effort_of
from reportgen.measures.page_plan import LARGEST_BYTES
from reportgen.messages import say
from reportgen.models.graphs import DescribedModel, OneOutput
from reportgen.models.passes import CompiledModel, LiveModel
from reportgen.models.startup import TENSORFLOW, backend
from reportgen.options import ReportOptions
from reportgen.reading import TrainingSetup
from reportgen.results import Limits
from reportgen.run import EvaluatedSamples, Sharding, TrainingHistory, evaluate_samples, planned
from reportgen.samples import SampleSource, SliceColumn

READING, RUNNING = "Reading the samples", "Running the model"
NO_SAMPLES = say("No samples were given. Add --samples SOURCE to run the model on them.")

_FLOAT8 = say("This section needs gradients, which Keras cannot compute through float8 layers.")
_COMPILED = say("This section needs gradients, which this processor cannot compute through a channels-first model.")


def make_context(
    described: DescribedModel,
    source: SampleSource | None,
    options: ReportOptions,
    limits: Limits,
    on_stage: Callable[[str], None],
    reason: str,
    *,
    given: bool,
    lost: str,
    most: float = LARGEST_BYTES,
    training: TrainingSetup | None = None,
    history: TrainingHistory | None = None,
    sharding: Sharding | None = None,
    train: SampleSource | None = None,
    slices: tuple[SliceColumn, ...] = (),
    outside: SampleSource | None = None,
) -> AnalysisContext:
    """Return what analyses get of a model, which is run on its samples here.

    Args:
        described, source, options, limits, on_stage: the model, its samples, the report's options, the limits in force, and
            what is told of each stage.
        reason: why there are no samples, where there are none.
        given: whether samples were given.
        lost: why the model is not run, as an earlier process ended there; '' elsewhere.
        most: bytes that the page may have.
        training, history: how the model was trained, as its file says and as the user gave it.
        train: what it was trained on, where that was given.
        slices: what is known of each sample beside its label.
        sharding: how the pass over very many samples is shared out; None where this process makes it.
        outside: samples that are none of what the model was made for.
    """
    shown = described.shown(options.layers)
    plan = planned(described, source, options, most=most)
    evaluated = live = None
    failed = reason
    if source is not None and lost:
        failed = reason = lost
    elif source is not None:
        on_stage(RUNNING)
        try:
            recorded = () if described.outputs_only else shown
            evaluated = evaluate_samples(described, source, shown=recorded, options=options, sharding=sharding)
            live = _live(described, evaluated, options, reason)
        except ForwardError as error:
            failed = str(error)
            reason = say(
                "The model could not run on the samples, so only its weights are shown. Received: {error}",
                error=str(error),
            )
    return AnalysisContext(
        model=described.summary,
        layers=described.calls,
        kernels=described.kernels,
        shown=shown,
        rectifiers=described.rectifiers,
        samples=evaluated,
        no_samples_reason=reason,
        live=live,
        head=described.head,
        activations=described.activations,
        normalizations=described.normalizations,
        listed=described.listed,
        has_weights=described.has_weights,
        outputs_only=described.outputs_only,
        variables=described.variables,
        normalised=described.normalised,
        ordered=described.ordered,
        not_run=failed if given and evaluated is None else "",
        plan=plan,
        training=training,
        history=history,
        train=train,
        slices=slices,
        outside=outside,
        options=options,
        limits=limits,
    )


def _live(described: DescribedModel, evaluated: EvaluatedSamples, options: ReportOptions, reason: str) -> LiveModel:
    """Return the model for sections that run it once more; `reason` is why one of outputs alone has no gradients."""
    maps = bool(options.attribution_methods) and not described.outputs_only
    output = described.output
    model = OneOutput(described.model, output.index) if output.count > 1 else described.model
    return LiveModel(
        model=CompiledModel(model) if described.compiled else model,
        layers=described.layers,
        batch=evaluated.batch,
        no_gradients=reason if described.outputs_only else _no_gradients(described),
        explained=evaluated.activations.beside_call,
        ahead=effort_of(options.effort, described.calls).most_tested(len(evaluated.names)) if maps else 0,
    )


def _no_gradients(described: DescribedModel) -> str:
    if backend() != TENSORFLOW:
        return say("This section needs TensorFlow's gradients, but Keras runs on {backend} here.", backend=backend())
    if described.compiled:
        return _COMPILED
    if any(quantised(layer) == "float8" for layer in described.layers.values()):
        return _FLOAT8
    return ""
