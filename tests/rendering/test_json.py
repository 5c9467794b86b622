import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
import schemas

from reportgen.rendering.json import SCHEMA_VERSION, render_json
from reportgen.results.findings import Inconclusive, RuleInForce, Severity
from reportgen.results.plottables import Matrix
from reportgen.results.report import Section


@pytest.mark.parametrize("validator", [schemas.REPORT, schemas.COMPARISON], ids=["report", "comparison"])
def test_the_schemas_are_schemas(validator):
    validator.check_schema(validator.schema)


def test_the_json_validates_against_its_schema(report):
    schemas.REPORT.validate(json.loads(render_json(report)))


def test_the_schema_refuses_a_report_without_findings_or_with_another_version(report):
    document = json.loads(render_json(report))
    for broken in ({key: document[key] for key in document if key != "findings"}, document | {"schema_version": 0}):
        with pytest.raises(jsonschema.ValidationError):
            schemas.REPORT.validate(broken)


def test_the_json_has_the_reports_numbers(report):
    document = json.loads(render_json(report))
    assert document["schema_version"] == SCHEMA_VERSION
    assert document["findings"][0]["severity"] == "warning"
    assert "source" not in document["findings"][0]
    assert document["sources"] == {finding.code: finding.source for finding in report.findings}
    assert document["findings"][0]["evidence"] == {"silent": 1, "share": 0.5}
    sections = {section["name"]: section for section in document["sections"]}
    assert sections["attribution"]["skipped"] == "No samples were given."
    assert sections["attribution"]["result"] is None
    maps = sections["feature_maps"]["result"]["layers"][0]["samples"][0]["grid"]
    assert maps["maxima"] == {"0": 3.0, "1": 0.0}
    assert maps["tile_shape"] == [2, 2]
    assert sections["weight_histograms"]["result"]["first"]["histogram"]["counts"]["trained"] == [2, 16]


def test_numbers_that_are_not_finite_are_null(report):
    values = Section("numbers", "Numbers", {"values": np.array([1.0, np.nan, np.inf]), "one": np.float32(0.1)})
    document = json.loads(render_json(replace(report, sections=(values,))))
    assert document["sections"][0]["result"] == {"values": [1.0, None, None], "one": 0.1}


def test_floats_have_six_digits_and_whole_ones_no_fraction(report):
    values = Section("n", "N", {"values": [1.0, -0.0, 123456.7, 1234567.8, 2 / 3, 1e-7, 1e300]})
    text = render_json(replace(report, sections=(values,)))
    assert '{"values":[1,0,123457,1234570.0,0.666667,1e-07,1e+300]}' in text


def test_layers_are_a_table(report):
    document = json.loads(render_json(report))
    result = next(one["result"] for one in document["sections"] if one["name"] == "architecture")
    layers = report.sections[0].result.layers
    assert len(layers) == len(result["layers"]["rows"]) > 0
    row = dict(zip(result["layers"]["columns"], result["layers"]["rows"][0], strict=True))
    assert (row["path"], row["parameters"], list(row)) == (
        layers[0].path,
        layers[0].parameters,
        list(result["largest"]),
    )


def test_a_matrix_is_its_cells_that_are_not_zero(report):
    matrix = Matrix(np.array([[3, 0], [1, 0]]), ("cat", "dog"))
    document = json.loads(render_json(replace(report, sections=(Section("m", "M", {"matrix": matrix}),))))
    expected = {"names": ["cat", "dog"], "cells": [[0, 0, 3], [1, 0, 1]]}
    assert document["sections"][0]["result"]["matrix"] == expected


def test_rules_and_what_is_inconclusive_are_in_the_json_and_its_schema(report):
    undecided = Inconclusive("recall-below-chance", "conv", "too few", None)
    rule = RuleInForce("a-rule", 0.5, Severity.NOTE, "share", off=True, set_by="r.toml")
    sections = (replace(report.sections[0], inconclusive=(undecided,)),)
    document = json.loads(render_json(replace(report, sections=sections, rules=(rule,))))
    schemas.REPORT.validate(document)
    assert document["inconclusive"] == [
        {"code": "recall-below-chance", "subject": "conv", "message": "too few", "samples_needed": None, "remedy": ""}
    ]
    assert document["rules"] == [
        {
            "code": "a-rule",
            "threshold": 0.5,
            "severity": "note",
            "unit": "share",
            "off": True,
            "set_by": "r.toml",
            "lowered": False,
            "moved": False,
            "analysis": "",
            "unchecked": "",
        }
    ]
