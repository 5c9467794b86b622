"""Measure false alarms and detections: `python benchmarks/verdicts.py --data FOLDER [--cache FOLDER] [--only WORD]`.

Trains the healthy networks of `networks.py` once, plants the faults of `faults.py`, makes a report of each and counts what
the findings say. A warning on a healthy network that is not declared as true of it is a false one. A fault is found when one
of its codes is among the warnings and problems, and named first when the first finding has one. docs/verdicts.md states the
result.
"""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from faults import Case, faults
from networks import first_classes, healthy, read_pictures, trained

OPTIONS = {"select": "first:8", "attribution": "none", "config": {}}


def report_of(case: Case, options: dict[str, Any]) -> Any:
    """Return the report of a case."""
    import reportgen

    return reportgen.build_report(
        case.model, case.samples, labels=case.labels, **{**OPTIONS, **options, **case.options}
    )


def loud(report: Any) -> list[Any]:
    """Return the findings that are warnings or problems, in the order of the page."""
    return [finding for finding in report.findings if finding.severity.label != "note"]


def accuracy(report: Any) -> str:
    """Return the accuracy that the report states, or a dash."""
    for section in report.sections:
        quality = getattr(getattr(section, "result", None), "classification", None)
        if section.name == "prediction_quality" and quality is not None:
            return f"{quality.accuracy.value:.1%}"
    return "–"


def row(*cells: object) -> None:
    """Print one row of a Markdown table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def counted(codes: Iterable[str]) -> str:
    """Return codes with how often each occurs, such as 'untrained-layer x 2'."""
    listed = list(codes)
    return ", ".join(
        code if listed.count(code) == 1 else f"{code} x {listed.count(code)}" for code in dict.fromkeys(listed)
    )


def measure_healthy(pictures: Any, cache: Path, only: str, options: dict[str, Any]) -> tuple[int, int, int]:
    """Print the table of healthy networks; return how many there are, and how many have a false warning and a false problem."""
    row("network", "accuracy", "false problems", "false warnings", "true warnings")
    row(*["---"] * 5)
    networks = warned = accused = 0
    for network in healthy():
        if only not in network.name:
            continue
        model = trained(network, pictures, cache)
        samples, labels = first_classes(network, pictures)
        report = report_of(Case(model, samples, labels, {"scale": "none"}), options)
        said = loud(report)
        false = [finding for finding in said if finding.code not in network.expected]
        problems = [finding.code for finding in false if finding.severity.label == "problem"]
        warnings = [finding.code for finding in false if finding.severity.label == "warning"]
        true = [finding.code for finding in said if finding.code in network.expected]
        row(network.name, accuracy(report), counted(problems), counted(warnings), counted(true))
        networks, warned, accused = networks + 1, warned + bool(warnings), accused + bool(problems)
    return networks, warned, accused


def measure_maps(pictures: Any, cache: Path, only: str, options: dict[str, Any]) -> tuple[int, int, int, int]:
    """Print what becomes of the maps of healthy networks; return how many there are, fail, are undecided, and findings."""
    row("network", "maps", "not evidence", "undecided", "findings")
    row(*["---"] * 5)
    counts = [0, 0, 0, 0]
    for network in healthy():
        if only not in network.name:
            continue
        model = trained(network, pictures, cache)
        samples, labels = first_classes(network, pictures)
        given = {"scale": "none", "attribution": "hirescam", "select": "first:10"}
        (section,) = (
            one for one in report_of(Case(model, samples, labels, given), options).sections if one.name == "attribution"
        )
        for method in getattr(getattr(section, "result", None), "methods", ()):
            codes = counted(finding.code for finding in section.findings)
            found = len(method.samples), len(method.failed), len(method.undecided)
            row(network.name, *found, codes or "none")
            counts = [count + more for count, more in zip(counts, (*found, len(section.findings)), strict=True)]
    return counts[0], counts[1], counts[2], counts[3]


def measure_faults(pictures: Any, cache: Path, only: str, options: dict[str, Any]) -> tuple[int, int, int]:
    """Print the table of faults; return how many there are, how many are found, and how many are named first."""
    row("fault", "rule", "found", "first finding")
    row(*["---"] * 4)
    planted = found = first = 0
    for fault in faults():
        if only not in fault.name:
            continue
        planted += 1
        try:
            said = loud(report_of(fault.plant(pictures, cache), options))
        except Exception as error:  # noqa: BLE001 - one fault that cannot be measured must not end the others
            traceback.print_exc(limit=-2)
            row(fault.name, " or ".join(fault.codes), "failed", type(error).__name__)
            continue
        places = [place for place, finding in enumerate(said, start=1) if finding.code in fault.codes]
        found, first = found + bool(places), first + (places[:1] == [1])
        shown = f"{said[0].severity.label} {said[0].code} ({said[0].subject})" if said else "none"
        row(fault.name, " or ".join(fault.codes), f"at {places[0]}" if places else "no", shown)
    return planted, found, first


def main() -> None:
    """Measure both and print the totals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), help="folder with the IDX files"
    )
    parser.add_argument("--cache", type=Path, help="folder of trained networks, NAME or NAME-SEED")
    parser.add_argument("--only", default="", help="networks and faults whose name holds this word")
    parser.add_argument("--part", choices=("healthy", "faults", "maps"), help="one of the tables; maps by itself")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    pictures, options = read_pictures(given.data), {"seed": given.seed}
    with tempfile.TemporaryDirectory() as folder:
        cache = given.cache or Path(folder)
        if given.part == "maps":
            maps, failed, undecided, findings = measure_maps(pictures, cache, given.only, options)
            print(f"\n{failed} of {maps} maps are not evidence, {undecided} undecided; {findings} findings.")
        if given.part in (None, "healthy"):
            networks, warned, accused = measure_healthy(pictures, cache, given.only, options)
            print(f"\n{warned} of {networks} healthy networks have a false warning, {accused} a false problem.\n")
        if given.part in (None, "faults"):
            planted, found, first = measure_faults(pictures, cache, given.only, options)
            print(f"\n{found} of {planted} faults are found, {first} are named first.")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
