"""Reports built by hand: one whose every text is hostile, and one whose every section was skipped."""

import numpy as np

from reportgen.analyses.architecture import ArchitectureResult
from reportgen.analyses.attribution.results import AttributionResult, MethodMaps, SampleAttribution
from reportgen.analyses.feature_maps import FeatureMapsResult, LayerMaps, SampleMaps
from reportgen.analyses.filter_grids.results import FilterGrid, FilterGridsResult, FilterStrength
from reportgen.analyses.filter_responses.results import ChannelResponses, FilterResponsesResult, LayerResponses
from reportgen.analyses.prediction_quality.results import PredictionQualityResult, WorstSample
from reportgen.analyses.preprocessing_check.results import PreprocessingCheckResult, VariantAccuracy
from reportgen.analyses.sample_predictions.results import ClassProbability, SamplePredictionsResult, ShownSample
from reportgen.analyses.weight_histograms.analysis import weight_statistics
from reportgen.analyses.weight_histograms.results import KernelWeights, WeightHistogramsResult
from reportgen.measures.classification import classification_quality
from reportgen.measures.intervals import measure
from reportgen.models.weights import weight_moments
from reportgen.results.findings import Finding, LayerSummary, ModelSummary, Provenance, SamplesSummary, Severity
from reportgen.results.plottables import Histogram, ImageGrid, Palette, Panel, PanelGrid
from reportgen.results.report import Report, Section, SkippedSection

HOSTILE = (
    "</script><script>window.hostile = 1</script>",
    '"><img src="https://hostile.test/x.png" onerror="window.hostile = 1">',
    "' autofocus onfocus='window.hostile = 1",
    "<!-- <script> -->]]></title></style>",
    "nul\x00bell\x07",
    "line\r\nbreak\ttab\u2028",
    "\u202egnp.reyal\u2066 \u200b",
    "{{ 7 * 7 }} &lt;b&gt; &amp;",
    "long" * 75,
)
"""Names as an author may have put them into a model file: markup, quotes, what ends an element, what cannot be seen."""

SECTIONS = {
    "architecture": "Architecture",
    "weight_histograms": "Weights",
    "filter_grids": "Filters",
    "sample_predictions": "Samples",
    "prediction_quality": "Prediction quality",
    "preprocessing_check": "Preprocessing",
    "feature_maps": "Feature maps",
    "filter_responses": "What filters respond to",
    "attribution": "Where it looks",
}


def skipped_report() -> Report:
    """Return a report in which no analysis ran."""
    reason = "The model holds a Lambda, whose code is not run; --allow-custom-code would run it."
    sections = tuple(SkippedSection(name, title, reason) for name, title in SECTIONS.items())
    model = ModelSummary("refused", "Functional", None, None, 0, 0, 3)
    return Report(_provenance("A model that was not run", "lambda.keras"), model, None, sections)


def many_findings_report() -> Report:
    """Return a report of a deep model: two problems, silent channels in 12 layers and dormant ones in 37."""
    silent = "2 of 16 units are dead: zero on all 8 samples (12.5%, limit 10%)"
    dormant = "4 of 16 channels are dormant on 8 samples: at most 0.025 of the layer's mean activity (25.0%, limit 10%)"
    findings = [
        Finding(
            "untrained-layer", Severity.PROBLEM, "model", "none of the 50 kernels has learned", {}, 0.1, "Westfall"
        ),
        Finding(
            "never-updated", Severity.PROBLEM, "model", "all 49 normalisations are as they began", {}, 0.0, "Keras"
        ),
        *(Finding("silent", Severity.WARNING, f"block{i}", f"{silent}, {i}", {}, 0.1, "Hu et al.") for i in range(12)),
        *(
            Finding("dormant", Severity.NOTE, f"block{i}", f"{dormant}, {i}", {}, 0.1, "Sokar et al.")
            for i in range(37)
        ),
    ]
    section = Section("architecture", "Architecture", _architecture(), tuple(findings))
    model = ModelSummary("deep", "Functional", (32, 32, 3), (10,), 117_562, 115_226, 163)
    return Report(_provenance("Many findings", "deep.keras"), model, None, (section,))


def hostile_report() -> Report:
    """Return a report whose title, note, layers, classes, labels and files all have hostile names."""
    summary = _samples()
    results = {
        "architecture": _architecture(),
        "weight_histograms": _weights(),
        "filter_grids": _filters(),
        "sample_predictions": _predictions(summary),
        "prediction_quality": _quality(),
        "preprocessing_check": _preprocessing(),
        "feature_maps": _maps(),
        "filter_responses": _responses(),
        "attribution": _attribution(),
    }
    sections = tuple(
        Section(name, title, results[name], _findings() if name == "weight_histograms" else ())
        for name, title in SECTIONS.items()
    )
    return Report(_provenance(HOSTILE[0], HOSTILE[1], note="\n".join(HOSTILE)), _model(), summary, sections)


def _provenance(title: str, file_name: str, note: str = "") -> Provenance:
    return Provenance(
        file_name=file_name,
        file_size=1_234_567,
        sha256="0123456789abcdef" * 4,
        format="Keras v3 archive (.keras)",
        keras_version="3.8.0",
        rewrites=HOSTILE if note else (),
        versions={"reportgen": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0"},
        date="2026-01-01",
        seed=0,
        options={"title": title, "note": note, "select": HOSTILE[2], "layers": (), "bins": 60},
        command=f"reportgen build '{file_name}'",
        title=title,
        note=note,
    )


def _model() -> ModelSummary:
    return ModelSummary(HOSTILE[0], HOSTILE[3], (8, 8, 1), (3,), 12_345, 12_000, len(HOSTILE))


def _architecture() -> ArchitectureResult:
    layers = tuple(
        LayerSummary(name, HOSTILE[index - 1], (8, 8, 4), 40, index % 2 == 0, (3, 3), (1, 1), (3, 3), 2304)
        for index, name in enumerate(HOSTILE)
    )
    return ArchitectureResult(_model(), layers, 20_736, 1, layers[0])


def _findings() -> tuple[Finding, ...]:
    return tuple(
        Finding("untrained-layer", Severity(3 - index % 3), name, f"{name}: 1 of 2", {"share": 0.5}, 0.1, HOSTILE[2])
        for index, name in enumerate(HOSTILE)
    )


def _weights() -> WeightHistogramsResult:
    kernels = []
    for index, name in enumerate(HOSTILE):
        trained, untrained = (_values(360, seed=10 * index + kind) for kind in (0, 1))
        counts = {
            "trained": np.histogram(trained, 20, (-4, 4))[0],
            "untrained": np.histogram(untrained, 20, (-4, 4))[0],
        }
        kernels.append(
            KernelWeights(
                label=name,
                is_spatial=True,
                initializer=HOSTILE[0],
                histogram=Histogram(np.linspace(-4, 4, 21), counts),
                trained=weight_statistics(weight_moments(trained)),
                untrained=weight_statistics(weight_moments(untrained)),
                non_finite=0,
                distance=0.5,
            )
        )
    return WeightHistogramsResult(first=kernels[0], others=tuple(kernels[1:]), seed=0)


def _filters() -> FilterGridsResult:
    grids = tuple(
        FilterGrid(
            label=name,
            window=(3, 3),
            input_channels=2,
            trained=_grid(8, 3, 3, Palette.DIVERGING, seed=index),
            untrained=_grid(8, 3, 3, Palette.DIVERGING, seed=100 + index),
            colour=None,
            shown_channels=(0, 1) * 4,
            norms=np.linspace(0.1, 1, 8),
            clipped=1,
            layout="window",
            histogram=Histogram(np.linspace(-4, 4, 21), {"trained": np.arange(20), "untrained": np.arange(20)[::-1]}),
            fresh=Histogram(np.linspace(-1, 1, 11), {"untrained": np.arange(10)}),
        )
        for index, name in enumerate(HOSTILE)
    )
    norms, pairs = np.array([0.0, 1, 1, 0, 1, 1, 1, 1]), (np.array([1]), np.array([2]), np.array([0.9987]))
    strengths = tuple(
        FilterStrength(name, 8, 18, 1.0, 0.0, (0, 3), True, ((1, 2, 0.9987),), norms, pairs) for name in HOSTILE
    )
    return FilterGridsResult(grids, strengths, seed=0)


def _samples() -> SamplesSummary:
    return SamplesSummary(
        source=HOSTILE[1],
        total=200,
        evaluated=100,
        shown=tuple(range(len(HOSTILE))),
        selection=HOSTILE[2],
        shape=(8, 8, 1),
        dtype="uint8",
        stored_range=(0.0, 255.0),
        input_range=(0.0, 1.0),
        labelled=True,
        steps=HOSTILE,
    )


def _predictions(summary: SamplesSummary) -> SamplePredictionsResult:
    top = tuple(
        ClassProbability(name, probability) for name, probability in zip(HOSTILE, (0.5, 0.3, 0.2), strict=False)
    )
    shown = tuple(
        ShownSample(
            index=index,
            name=name,
            picture=_grid(1, 8, 8, Palette.GREY, seed=index),
            label=name,
            top=top,
            correct=index == 0,
            output=None,
        )
        for index, name in enumerate(HOSTILE)
    )
    return SamplePredictionsResult(summary, shown, HOSTILE[3], 1, (0.0, 255.0))


def _quality() -> PredictionQualityResult:
    classes = len(HOSTILE)
    labels = np.arange(100) % classes
    values = np.random.default_rng(1).dirichlet(np.ones(classes), 100)
    return PredictionQualityResult(
        rule=HOSTILE[1],
        evaluated=100,
        total=200,
        classification=classification_quality(values, labels, HOSTILE, sure=0.99, seed=0),
        regression=None,
        worst=tuple(
            WorstSample(index, name, name, HOSTILE[0], 0.9, 0.1, False) for index, name in enumerate(HOSTILE[:8])
        ),
        confidently=4,
        pictures=_grid(8, 8, 8, Palette.GREY, seed=3),
    )


def _preprocessing() -> PreprocessingCheckResult:
    variants = tuple(VariantAccuracy(name, measure(40, 100), 1, 30, 1e-7) for name in ("0 to 255", "inverted"))
    return PreprocessingCheckResult(100, 200, measure(70, 100), variants, ("0 to 1",), ())


def _maps() -> FeatureMapsResult:
    layers = tuple(
        LayerMaps(
            name=name,
            size=(8, 8),
            channels=tuple(range(8)),
            total=8,
            rectified=True,
            reduction=1,
            value_range=(0.0, 4.0),
            end=3.5,
            clipped=2,
            samples=tuple(
                SampleMaps(label, sample, label, _grid(8, 8, 8, Palette.SEQUENTIAL, seed=10 * index + sample), (0,))
                for sample, label in enumerate(HOSTILE[:2])
            ),
            layout="map",
        )
        for index, name in enumerate(HOSTILE)
    )
    return FeatureMapsResult(layers, own_scale=False)


def _panels(count: int, other: Palette) -> PanelGrid:
    grids = (_grid(count, 8, 8, Palette.GREY, seed=5), _grid(count, 4, 4, other, seed=6))
    panels = tuple(Panel(grid.images, grid.value_range, grid.palette) for grid in grids)
    return PanelGrid(panels, tuple(map(str, range(count))), 2, count)


def _responses() -> FilterResponsesResult:
    channels = tuple(ChannelResponses(channel, (2.0, 1.0), (3, 4), ((0, 1), (2, 3))) for channel in range(4))
    layers = tuple(
        LayerResponses(
            name=name,
            field=(8, 8),
            jump=(2, 2),
            total=8,
            silent=1,
            kernel_size=(4, 4),
            input_channels=3,
            reduction=1,
            beyond=True,
            figure=_panels(4, Palette.DIVERGING),
            channels=channels,
            maximised=_grid(4, 8, 8, Palette.GREY, seed=index),
        )
        for index, name in enumerate(HOSTILE)
    )
    return FilterResponsesResult(layers, HOSTILE, evaluated=100, patches=2, steps=64, seed=0)


def _attribution() -> AttributionResult:
    samples = tuple(
        SampleAttribution(
            index, name, HOSTILE[0], 2.0, 1.0 if index else None, 0.001, 0.8, -0.1, ("deletion",) * (index % 2)
        )
        for index, name in enumerate(HOSTILE)
    )
    methods = tuple(
        MethodMaps(key, title, name, (4, 4), _panels(len(HOSTILE), Palette.SEQUENTIAL), None, samples)
        for (key, title), name in zip((("hirescam", "HiResCAM"), ("gradcam", "Grad-CAM")), HOSTILE, strict=False)
    )
    return AttributionResult(methods, HOSTILE[1], 20, 4, (0.05, 0.8), 2, seed=0)


def _grid(count: int, height: int, width: int, palette: Palette, *, seed: int) -> ImageGrid:
    images = _values(count * height * width, seed=seed).reshape(count, height, width)
    scale = {Palette.SEQUENTIAL: (0.0, 4.0), Palette.GREY: (0.0, 1.0)}.get(palette, (-4.0, 4.0))
    labels = tuple(map(str, range(count)))
    return ImageGrid(images, labels, scale, count, palette, min(count, 8), images.reshape(count, -1).max(axis=1))


def _values(count: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=count).astype(np.float32)
