"""The result model: what analyses produce and what rendering shows. Standard library only.

Everything here is a frozen dataclass. Figures are never stored: plottables hold numbers, and `rendering` draws them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field
from typing import Annotated, Any

from reportgen.messages import say
from reportgen.results.advice import NO_ADVICE, Advice
from reportgen.results.redaction import Becomes, Kept, redactable

UNWRITTEN: Mapping[str, Any] = {"written": False}
"""Metadata of a field that the JSON does not have, as it would be long: `field(metadata=UNWRITTEN)`."""


FEWEST_SAMPLES = 30
"""Samples under which the rules that cannot be decided are told in one sentence, not one each. Our choice."""


def is_written(field: Field[Any]) -> bool:
    """Return whether the JSON has a field of a result."""
    return bool(field.metadata.get("written", True))


class Severity(enum.IntEnum):
    """How much a finding matters to whoever must decide about the model."""

    NOTE = 1
    WARNING = 2
    PROBLEM = 3

    @property
    def label(self) -> str:
        """The word shown on the page: 'note', 'warning' or 'problem'."""
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One observation with the number behind it and the threshold that made it one.

    Attributes:
        code: the rule, such as 'silent-channels'.
        severity: how much it matters.
        subject: what it is about: a layer's path, or 'samples'.
        message: observation, number and threshold in one sentence.
        evidence: the numbers, by name.
        threshold: the limit that the rule compares with.
        source: where rule and threshold come from.
        follows_from: codes of the rules whose findings in this report explain this one.
        explains: whether others may follow from it; a note explains nothing.
        advice: why it matters and what to do, as its rule says.
        action: what to do, with this finding's numbers where they help; '' for what the advice says.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    evidence: Mapping[str, float]
    threshold: float
    source: str = field(metadata=UNWRITTEN)  # all findings of a rule share it, so that the JSON has it once
    follows_from: tuple[str, ...] = ()  # every code that could, until `with_causes` knows what the report holds
    explains: bool = field(default=True, metadata=UNWRITTEN)
    advice: Advice = field(default=NO_ADVICE, metadata=UNWRITTEN)
    action: str = ""


@dataclass(frozen=True)
class Inconclusive:
    """A rule on a rate that these samples cannot decide: its threshold lies within the rate's interval.

    Attributes:
        code: the rule.
        subject: what it is about: a layer's path, or 'samples'.
        message: the rate, its interval and the threshold in one sentence, without the full stop.
        samples_needed: about how many samples would decide it; None where no number would.
        remedy: what would decide it where it is no matter of samples, one sentence; '' elsewhere.
    """

    code: str
    subject: str
    message: str
    samples_needed: int | None
    remedy: str = ""


@dataclass(frozen=True)
class RuleInForce:
    """One rule as this report applied it.

    Attributes:
        code: the rule's code.
        threshold: the limit that findings were compared with.
        severity: how much its findings matter, unless the analysis has a reason for another.
        unit: what the threshold is a number of.
        off: whether its findings are left out.
        set_by: 'default', or the name of the file that set the rule.
        lowered: whether the file made its findings matter less.
        moved: whether the file set another threshold.
        analysis: name of the analysis that checks it; '' for a rule on all of them.
        unchecked: why it was not checked on this model and these samples, one sentence; '' where it was, and where it is off.
    """

    code: str
    threshold: float
    severity: Severity
    unit: str
    off: bool = False
    set_by: str = "default"
    lowered: bool = False
    moved: bool = False
    analysis: str = ""
    unchecked: str = ""

    @property
    def checked(self) -> bool:
        """Whether it was applied: neither off nor without what it needs."""
        return not (self.off or self.unchecked)


@redactable
@dataclass(frozen=True)
class LayerSummary:
    """One call of one layer. None stands for what cannot be known without running the model.

    Attributes:
        path: the layer's name, prefixed by the models around it: 'backbone/block1_conv1'.
        class_name: such as 'Conv2D'.
        output_shape: the output's sizes without the batch axis; None for a size that is free.
        parameters: number of weights, in this layer alone.
        trainable: whether training changes them.
        kernel_size: (height, width) of a convolution or pooling window.
        strides: the steps of the window, as many as `kernel_size`.
        receptive_field: input pixels along each axis that one output value can depend on.
        multiply_adds: the multiply-adds for one sample.
        input_shape: the first input's sizes without the batch axis.
    """

    path: Kept[str]
    class_name: Kept[str]
    output_shape: tuple[int | None, ...] | None
    parameters: int
    trainable: bool
    kernel_size: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None
    receptive_field: tuple[int, ...] | None = None
    multiply_adds: int | None = None
    input_shape: tuple[int | None, ...] | None = None


@redactable
@dataclass(frozen=True)
class ModelOutput:
    """One of a model's outputs.

    Attributes:
        name: the layer that gives it, or its key.
        shape: one prediction's sizes; None for a size that is free.
    """

    name: Kept[str]
    shape: tuple[int | None, ...]


@redactable
@dataclass(frozen=True)
class ModelSummary:
    """The model in a few numbers.

    Attributes:
        name: what the model calls itself.
        kind: 'Sequential', 'Functional' or the class of a subclassed model.
        input_shape: one sample's sizes; None for a size that is free, or None when the model was never built.
        output_shape: one prediction's sizes.
        parameters: number of weights.
        trainable_parameters: number of weights that training changes.
        layers: number of layers, nested ones counted, inputs not.
        outputs: all outputs in the model's order, where there are several; predictions are read from that of `output_shape`.
    """

    name: Annotated[str, Becomes("model")]
    kind: Annotated[str, Becomes(_kind)]
    input_shape: tuple[int | None, ...] | None
    output_shape: tuple[int | None, ...] | None
    parameters: int
    trainable_parameters: int
    layers: int
    outputs: tuple[ModelOutput, ...] = ()


@redactable
@dataclass(frozen=True)
class SamplesSummary:
    """Which samples the report shows and what was done to them.

    Attributes:
        source: file or data set name, never a path.
        total: how many the source holds.
        evaluated: how many were run through the model.
        shown: indices of the chosen ones in the source.
        selection: the rule that chose them, as given to --select.
        shape: one sample's sizes as stored.
        dtype: the samples' type as stored.
        stored_range: smallest and largest finite stored value among those evaluated; NaN when none is finite.
        input_range: the same after scaling, as the model received them.
        labelled: whether labels came along.
        steps: what was done to the samples, one sentence each.
        sha256: SHA-256 of the evaluated samples, in hexadecimal; '' where it is not known.
        sha256_of: what that is of, without a full stop.
        labels_sha256: over the same and then their labels; None without labels.
        unused_labels: why labels that were given are not compared with predictions, one sentence; '' where they are.
    """

    source: Kept[str]
    total: int
    evaluated: int
    shown: Annotated[tuple[int, ...], Becomes(_in_order)]
    selection: Kept[str]
    shape: tuple[int, ...]
    dtype: Kept[str]
    stored_range: tuple[float, float]
    input_range: tuple[float, float]
    labelled: bool
    steps: Kept[tuple[str, ...]]
    sha256: Kept[str] = ""
    sha256_of: Kept[str] = ""
    labels_sha256: Kept[str | None] = None
    unused_labels: Kept[str] = ""


@dataclass(frozen=True)
class Provenance:
    """Where the report comes from and how to make it again. No path, user or host name.

    Attributes:
        file_name: the model file's name without its folder; None for a model in memory.
        file_size: the model file's size in bytes.
        sha256: SHA-256 of the file, or of the weights of a model in memory, in hexadecimal.
        format: such as 'Keras v3 archive (.keras)'.
        keras_version: the Keras that saved the model, where the file says so.
        rewrites: what had to be changed to read an older file, one sentence each.
        custom_code: what of the file or of the user's modules was run, one sentence each.
        not_run: why only the weights were read, one line; '' for a model that can be run.
        versions: the versions of the packages that made the report, by name.
        date: day of the report in UTC, ISO 8601.
        seed: the seed of everything drawn at random.
        options: the value of each option, given or defaulted, by name.
        command: the command line that makes the same report again.
        title: the page's title.
        note: what the reviewer should know, as given by --note.
        redaction: what a redacted report leaves out, one sentence; '' for a full one.
        set_by: what set an option that was not given, by the option's name: a file or a variable of the environment.
        backend: what Keras ran on: 'tensorflow', 'jax', 'torch', ...; '' where Keras was not needed.
    """

    file_name: str | None
    file_size: int | None
    sha256: str
    format: str
    keras_version: str | None
    rewrites: tuple[str, ...]
    versions: Mapping[str, str]
    date: str
    seed: int
    options: Mapping[str, Any]
    command: str
    title: str
    note: str = ""
    not_run: str = ""
    custom_code: tuple[str, ...] = ()
    redaction: str = ""
    backend: str = "tensorflow"
    set_by: Mapping[str, str] = field(default_factory=dict)


def most_severe_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by falling severity; equals keep their order."""
    return tuple(sorted(findings, key=lambda finding: -finding.severity))


def _in_order(indices: tuple[int, ...]) -> tuple[int, ...]:
    """Return indices without the order of a selection, which would tell the samples' classes."""
    return tuple(sorted(indices))


def _kind(kind: str) -> str:
    """Return the kind of a model; that of a subclassed one is a name that its author gave."""
    return kind if kind in _KERAS_KINDS else say("Subclassed")


_KERAS_KINDS = ("Sequential", "Functional", "Model", "unknown kind of")
