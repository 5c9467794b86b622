"""What CONTRIBUTING says that an addition takes is all that it takes: each is made in a copy of the tree, and seen to work."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

ANALYSIS = '''
"""Depth: how many layers there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reportgen.analyses.base import AnalysisContext
from reportgen.messages import say
from reportgen.results.findings import Finding
from reportgen.results.redaction import redactable
from reportgen.results.rules import Limits, Rule


@redactable
@dataclass(frozen=True)
class DepthResult:
    """How deep the model is.

    Attributes:
        layers: number of layers.
    """

    layers: int


class Depth:
    """Counts the layers."""

    name = "depth"
    title = say("Depth")
    rules: tuple[Rule, ...] = ()

    def run(self, context: AnalysisContext) -> DepthResult:
        """Return the number of layers."""
        return DepthResult(len(context.layers))

    def findings(self, result: DepthResult, limits: Limits) -> Iterable[Finding]:
        """Return nothing: depth is a fact."""
        return ()
'''
ANALYSIS_TEMPLATE = "<p>{% trans n=result.layers %}{{ n }} layer{% pluralize %}{{ n }} layers{% endtrans %} deep.</p>\n"

RULE = '''FEW = Rule(
    code="few-kernels",
    meaning=say("the model has few kernels"),
    severity=Severity.NOTE,
    threshold=5,
    unit=say("kernels"),
    source=say("an example"),
    advice=Advice(
        title=say("Few kernels"),
        why=say("There is little to look at."),
        action=say("Compare with a larger network."),
    ),
)


def few_kernels(kernels: Sequence[KernelWeights], limit: float) -> Iterator[Finding]:
    """Yield a finding where there are fewer kernels than the limit."""
    if len(kernels) < limit:
        message = say("it has {kernels} kernels (limit {limit:g})", kernels=len(kernels), limit=limit)
        yield FEW.finding(say("model"), message, evidence={"kernels": len(kernels)}, threshold=limit)


'''

CATALOGUE = """
msgid "Skip to the report"
msgstr "Zum Bericht springen"

msgid "Architecture"
msgstr "Aufbau"
"""
RULE_TRANSLATED = """
msgid "it has {kernels} kernels (limit {limit:g})"
msgstr "es hat {kernels} Kernel (Grenze {limit:g})"
"""


SAMPLE_FORMAT = '''
"""Arrays of four axes as text: their shape on the first line, then the values."""

import numpy as np

from reportgen.samples.files import base_name
from reportgen.samples.readers.arrays import StoredArray
from reportgen.samples.readers.reader import GivenFile


class TextArray:
    """An array as text."""

    def match(self, file: GivenFile) -> bool:
        """Return whether the file begins as such a text does."""
        return file.head.startswith(b"shape ")

    def open(self, file: GivenFile) -> StoredArray:
        """Return the array, which comes without labels."""
        shape, values = file.path.read_text().split("\\n", 1)
        array = np.array(values.split(), np.float32).reshape([int(size) for size in shape.split()[1:]])
        return StoredArray(values=array, name=file.path.name, description=base_name(file.path))
'''


@pytest.fixture(scope="module")
def tree(tmp_path_factory: Any) -> Path:
    """Return a copy of the program, its templates where a wheel has them, with a small model and samples beside it."""
    folder: Path = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "reportgen", folder / "reportgen", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "templates", folder / "reportgen" / "templates")
    layers = [keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    keras.Sequential(layers).save(folder / "model.keras")
    return folder


def inserted(file: Path, before: str, addition: str) -> None:
    """Add to a file of the copy, before the first place of a text."""
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, f"{addition}{before}", 1), encoding="utf-8")


def add_analysis(tree: Path) -> None:
    (tree / "reportgen/analyses/depth.py").write_text(ANALYSIS.lstrip(), encoding="utf-8")
    (tree / "reportgen/templates/sections/depth.html").write_text(ANALYSIS_TEMPLATE, encoding="utf-8")
    door = tree / "reportgen/analyses/__init__.py"
    inserted(door, "from reportgen.analyses.feature_maps", "from reportgen.analyses.depth import Depth\n")
    inserted(door, "    WeightHistograms(),", "    Depth(),\n")


def add_language(tree: Path) -> None:
    (tree / "reportgen/rendering/languages/de.po").write_text(CATALOGUE, encoding="utf-8")


def add_rule(tree: Path) -> None:
    rules = tree / "reportgen/analyses/weight_histograms/rules.py"
    inserted(rules, "RULES = (", RULE)
    inserted(rules, "NON_FINITE, CONSTANT, SPARSE, COARSE)", "FEW, ")
    with rules.open("a", encoding="utf-8") as file:  # which ends with the function that calls each condition
        file.write("    yield from few_kernels(result.kernels, limits[FEW.code])\n")
    with (tree / "reportgen/rendering/languages/de.po").open("a", encoding="utf-8") as catalogue:
        catalogue.write(RULE_TRANSLATED)


def add_sample_format(tree: Path) -> None:
    (tree / "reportgen/samples/readers/text_array.py").write_text(SAMPLE_FORMAT.lstrip(), encoding="utf-8")
    door = tree / "reportgen/samples/readers/__init__.py"
    inserted(
        door, "from reportgen.samples.source import", "from reportgen.samples.readers.text_array import TextArray\n"
    )
    inserted(door, "    ImageFile(),", "    TextArray(),\n")


@pytest.fixture(scope="module")
def made(tree: Path) -> tuple[str, dict[str, Any]]:
    """Return the page and the JSON of a report that the copy made after every addition."""
    for add in (add_analysis, add_language, add_rule, add_sample_format):
        add(tree)
    values = np.arange(3 * 36) / 108
    (tree / "samples.txt").write_text(f"shape 3 6 6 1\n{' '.join(map(str, values))}\n", encoding="utf-8")
    arguments = [
        "build",
        "model.keras",
        "--samples",
        "samples.txt",
        "--lang",
        "de",
        "--attribution",
        "none",
        "--json",
        "r.json",
        "-o",
        "r.html",
        "-q",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", "reportgen", *arguments]
    result = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return (tree / "r.html").read_text("utf-8"), json.loads((tree / "r.json").read_text("utf-8"))


def test_an_analysis_is_a_file_a_template_and_its_line(made: Any) -> None:
    page, document = made
    sections = {section["name"]: section["result"] for section in document["sections"]}
    assert list(sections)[:2] == ["architecture", "depth"]
    assert sections["depth"] == {"layers": 3}
    assert "<p>3 layers deep.</p>" in page


def test_a_language_is_a_catalogue(made: Any) -> None:
    page, document = made
    assert '<html lang="de" ' in page
    assert "Zum Bericht springen" in page
    assert "Aufbau" in page
    assert document["provenance"]["options"]["lang"] == "de"


def test_a_rule_is_a_file_and_its_translation(made: Any) -> None:
    page, document = made
    found = {finding["code"]: finding["message"] for finding in document["findings"]}
    assert found["few-kernels"] == "it has 2 kernels (limit 5)"
    assert "Compare with a larger network." in page
    assert "es hat 2 Kernel (Grenze 5)" in page
    assert "few-kernels" in {rule["code"] for rule in document["rules"]}


def test_a_sample_format_is_a_file_and_its_line(made: Any) -> None:
    _, document = made
    assert (document["samples"]["evaluated"], document["samples"]["shown"]) == (3, [0, 1, 2])
    assert (
        document["samples"]["sha256"]
        == hashlib.sha256((np.arange(3 * 36) / 108).astype(np.float32).tobytes()).hexdigest()
    )
