"""Samples without a name."""

from dataclasses import replace

import numpy as np

from reportgen.messages import counted, say
from reportgen.redaction.anonymous import anonymise, anonymous_notes
from reportgen.samples.labels import ClassLabels, Unused
from reportgen.samples.source import SampleSource

SOURCE = SampleSource(
    read=lambda indices: np.zeros((len(indices), 2, 2, 1)),
    count=2,
    shape=(2, 2, 1),
    dtype=np.dtype("uint8"),
    labels=ClassLabels(np.array([0, 1]), (say("Labels: {origin}.", origin="bert.csv"),)),
    names=["anna.png", "bert.png"].__getitem__,
    class_names=("ill", "well"),
    description="folder ward-7, 2 images",
    notes=(say("A channel axis was added."),),
)


def test_names_of_samples_classes_and_files_become_numbers():
    hidden = anonymise(replace(SOURCE, beside={"meta": SOURCE}))
    assert [hidden.names(0), hidden.names(1)] == ["sample 0", "sample 1"]
    assert hidden.class_names == ("class 0", "class 1")
    assert hidden.description == hidden.beside["meta"].description == "SAMPLES"
    assert hidden.beside["meta"].class_names == ("class 0", "class 1")
    assert (hidden.count, hidden.shape, hidden.read) == (2, (2, 2, 1), SOURCE.read)
    assert isinstance(hidden.labels, ClassLabels)
    assert (hidden.labels.values.tolist(), hidden.labels.notes) == ([0, 1], ("Labels: (left out).",))


def test_a_reason_against_labels_stays_and_no_labels_stay_none():
    reason = say("The labels have the shape ({shape}).", shape=say("{size:d}", size=3))
    assert anonymise(replace(SOURCE, labels=Unused(reason))).labels == Unused("The labels have the shape (3).")
    assert anonymise(replace(SOURCE, labels=None)).labels is None


def test_classes_that_were_never_named_stay_so():
    assert anonymise(replace(SOURCE, class_names=None)).class_names is None


def test_steps_lose_the_names_that_they_were_filled_with():
    notes = (
        say("A channel axis was added."),
        say("Labels: {origin}.", origin=say("array {labels} beside {samples}", labels="anna", samples="bert")),
        counted(2, "Skipped {n} file: {examples}.", "Skipped {n} files: {examples}.", examples="anna.png, bert.png"),
        counted(1, "Skipped {n} file: {examples}.", "Skipped {n} files: {examples}.", examples="anna.png"),
        say("Resized to {height} x {width}{whose}.", height=28, width=28, whose=""),
    )
    assert anonymous_notes(notes) == (
        "A channel axis was added.",
        "Labels: array (left out) beside (left out).",
        "Skipped 2 files: (left out).",
        "Skipped 1 file: (left out).",
        "Resized to 28 x 28.",
    )
    assert "anna" not in repr([vars(note) for note in anonymous_notes(notes)])


def test_a_step_that_is_no_message_is_counted_alone():
    assert anonymous_notes(("Labels: anna.csv.",)) == ("1 step is left out, as it may name files.",)
    assert anonymous_notes(("Something about anna.", say("Ready."), "More.")) == (
        "Ready.",
        "2 steps are left out, as they may name files.",
    )
