"""Whether files are those that a report was made of, by their SHA-256."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.options import ReportOptions
from reportgen.reading import recognise
from reportgen.run import fingerprint_chosen, prepare_run
from reportgen.verification.recorded import RecordedReport


def model_differences(recorded: RecordedReport, model: Path) -> list[str]:
    """Return in what a model file is not the one that a report says it was made of; none where its SHA-256 is recorded.

    Raises:
        ModelError: the file is no model.
    """
    then = recorded.sha256("provenance", "sha256")
    if recorded.value("provenance", "file_name") is None:
        return [
            "model: the report was made of a model in memory, whose SHA-256 is over its weights alone; no file can be compared."
        ]
    now = recognise(model).sha256
    return [] if then == now else [f"model: its SHA-256 is {now}; the report says {then or 'none'}."]


def samples_differences(
    recorded: RecordedReport, model: Path, samples: Any, *, labels: Any, class_names: Any, options: ReportOptions
) -> list[str]:
    """Return in what samples are not those that a report says its model was run on.

    The model is read and not run, unless its losses choose the samples.

    Args:
        recorded: the report.
        model: the model file, which says how samples are read.
        samples, labels, class_names: as given to `build_report`.
        options: those that the report was made with.

    Raises:
        ReportgenError: the model or the samples cannot be read.
    """
    from reportgen.building.opening import load_described

    then = {name: recorded.value("samples", name) for name in ("sha256", "labels_sha256")}
    if not then["sha256"]:
        return ["samples: the report has no SHA-256 of samples."]
    described = load_described(model, options)
    if described.model is None:
        return ["samples: the model cannot be run, so its report has none."]
    run = prepare_run(described, samples, labels=labels, class_names=class_names, options=options)
    now = fingerprint_chosen(run.described, run.source, options=options)
    found = {"sha256": now.samples, "labels_sha256": now.with_labels}
    return [
        f"{'samples' if name == 'sha256' else 'samples and labels'}: their SHA-256 is {found[name]}; the report says "
        f"{then[name] or 'none'}."
        for name in then
        if found[name] != then[name]
    ]
