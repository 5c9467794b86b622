"""The page's plan, from a model's shapes and a selection, before a sample is run."""

from __future__ import annotations

from reportgen.errors import OutputError
from reportgen.measures.page_plan import CHOSEN_BYTES, LARGEST_BYTES, PAGE_BYTES, PagePlan, ShownLayer, plan_page
from reportgen.models.graphs import DescribedModel
from reportgen.options import ReportOptions
from reportgen.run.evaluation import MOST_BY_DEFAULT
from reportgen.samples import SampleSource, classes_of, parse_selection

_UNKNOWN = 64  # guess at a size that only a run tells


def planned(
    described: DescribedModel, source: SampleSource | None, options: ReportOptions, *, most: float = LARGEST_BYTES
) -> PagePlan:
    """Return how large the pictures of a page may be.

    Args:
        described: the model.
        source: the samples; None for none.
        options: the report's.
        most: bytes that a page may have at all.

    Raises:
        OutputError: the page would be larger even with the smallest pictures.
    """
    plan = plan_page(
        _shown_layers(described, options),
        calls=len(described.calls),
        kernels=len(described.kernels),
        samples=0 if source is None else _shown_samples(described, source, options),
        tiles=options.max_tiles,
        budget=CHOSEN_BYTES if options.layers else PAGE_BYTES,
    )
    if plan.size > max(most, plan.budget):
        raise OutputError(
            f"the page must have at most {most / 1e6:g} MB. Received: {plan.size / 1e6:.1f} MB with the smallest pictures. "
            "Show fewer layers (--layers) or fewer samples (--select), or allow more by --max-size."
        )
    return plan


def _shown_layers(described: DescribedModel, options: ReportOptions) -> list[ShownLayer]:
    kernels = {kernel.path: kernel for kernel in described.kernels if kernel.is_spatial}
    calls = {call.path: call for call in described.calls}
    layers = []
    for path in described.shown(options.layers) if described.kernels else ():
        shape = calls[path].output_shape if path in calls else None
        known = tuple(size or _UNKNOWN for size in shape or ())
        kernel = kernels.get(path)
        window = kernel.shape[:-2] if kernel is not None else ()
        layers.append(
            ShownLayer(
                path,
                size=known[:-1],
                channels=known[-1] if known else (kernel.shape[-1] if kernel is not None else 0),
                window=window,
                inputs=kernel.shape[-2] if kernel is not None else 0,
            )
        )
    return layers


def _shown_samples(described: DescribedModel, source: SampleSource, options: ReportOptions) -> int:
    """Return how many samples are shown at the most."""
    selection = parse_selection(options.select, labelled=classes_of(source.labels) is not None)
    wanted = len(selection.indices) or selection.count
    if selection.kind == "per-class":
        wanted *= (described.summary.output_shape or (MOST_BY_DEFAULT,))[-1] or MOST_BY_DEFAULT
    return min(wanted, source.count, *([] if selection.strict else [MOST_BY_DEFAULT]))
