"""Ids of the page, and the findings as its summary lists them."""

import base64
from dataclasses import dataclass, replace

import numpy as np
import pytest

from reportgen.messages import counted, say
from reportgen.rendering.html import render_html
from reportgen.rendering.language import open_language
from reportgen.rendering.page import Anchors, Page, group_findings
from reportgen.results.advice import Advice, Certainty
from reportgen.results.findings import Finding, Severity
from reportgen.results.plottables import ImageGrid, Palette
from reportgen.results.report import Section


@dataclass(frozen=True)
class ShownRow:
    name: str


def test_the_same_key_has_the_same_id_and_another_key_another():
    anchors = Anchors()
    assert anchors.make("filters", "conv/1") == "filters-conv-1"
    assert anchors.make("filters", "conv 1") == "filters-conv-1-2"
    assert anchors.make("filters", "conv/1") == "filters-conv-1"


def test_ids_start_with_a_letter():
    assert Anchors().make("1") == "x-1"
    assert Anchors().make("<>") == "x-"


def test_a_finding_links_to_its_evidence_or_else_to_its_section():
    anchors = Anchors()
    anchors.make("maps", "conv")
    assert anchors.find("maps", "conv") == "maps-conv"
    assert anchors.find("maps", "model") == "maps"


def test_grids_that_a_template_makes_one_after_another_have_pictures_of_their_own():
    page = Page(open_language("en"))

    def shown(place):
        images = np.eye(8, dtype=np.float32)[place].reshape(1, 2, 4)
        grid = ImageGrid(images, ("0",), (0.0, 1.0), 1, Palette.SEQUENTIAL, 1, np.ones(1))
        return page.tiles(page.frame(grid, scale="value"), aim=32)["uri"]

    # a grid that is gone leaves its address to the next
    assert len({shown(place) for place in range(8)}) == 8


def finding(subject, message="it is so", severity=Severity.NOTE, code="a-rule", source="Somebody"):
    return Finding(code, severity, subject, message, {}, 0.1, source)


def groups_of(*findings, code="en"):
    page = Page(open_language(code))
    page.anchors.make("one", "known")
    return group_findings([Section("one", "One", None, findings)], page)


def test_findings_are_grouped_by_severity_rule_and_source_most_severe_first():
    groups = groups_of(
        finding("a"),
        finding("b", severity=Severity.WARNING),
        finding("c"),
        finding("d", code="other"),
        finding("e", source="Somebody else"),
    )
    assert [(group.severity.label, group.code, group.source) for group in groups] == [
        ("warning", "a-rule", "Somebody"),
        ("note", "a-rule", "Somebody"),
        ("note", "other", "Somebody"),
        ("note", "a-rule", "Somebody else"),
    ]
    assert [one.subject for one in groups[1].findings] == ["a", "c"]


def test_what_follows_from_a_finding_stands_in_its_group():
    groups = groups_of(
        finding("a", severity=Severity.PROBLEM, code="cause"),
        replace(finding("b", severity=Severity.WARNING, code="consequence"), follows_from=("cause",)),
        replace(finding("c", code="further"), follows_from=("consequence",)),
        finding("d", code="apart"),
    )
    assert [(group.code, group.explained) for group in groups] == [("cause", 2), ("apart", 0)]
    assert [one.code for one in groups[0].consequences] == ["consequence", "further"]


def test_the_page_folds_what_follows_from_a_finding_and_counts_it(report):
    cause = finding("conv", severity=Severity.WARNING, code="cause")
    follow = replace(finding("outputs", "they are the same", Severity.PROBLEM, "constant"), follows_from=("cause",))
    section = Section("learned", "Learned or not", report.sections[7].result, (cause, follow))
    page = render_html(replace(report, sections=(section,)))
    assert "What follows from this: 1 finding</summary>" in page
    assert "<strong>1</strong> problem" in page
    assert page.index("</span> cause: <a") < page.index("</span> constant: <a")


def test_each_finding_leads_to_its_own_evidence_or_to_its_section():
    (group,) = groups_of(finding("known"), finding("elsewhere"))
    assert [one.anchor for one in group.findings] == ["one-known", "one"]


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (3, 3), (4, 2), (50, 2)])
def test_of_many_findings_the_first_two_are_seen_and_none_is_lost(count, shown):
    (group,) = groups_of(*(finding(str(index)) for index in range(count)))
    assert (len(group.shown), len(group.folded)) == (shown, count - shown)
    assert group.shown + group.folded == group.findings


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (say("none of {n} kernels", n=3), "None of 3 kernels"),
        (counted(2, "{n} class is missed", "{n} classes are missed"), "2 classes are missed"),
        (say("{what} of {layer}", what=say("all channels"), layer="conv"), "All channels of conv"),
        (say("{layer} is silent", layer="conv"), "conv is silent"),
        ("plugin text", "plugin text"),
    ],
)
def test_a_sentence_begins_with_a_capital_letter_but_a_name_stays_as_it_is(message, sentence):
    (group,) = groups_of(finding("a", message))
    assert group.findings[0].sentence == sentence
    assert group.findings[0].message == message


def test_the_page_says_the_source_of_alike_findings_once(report):
    alike = tuple(finding(f"layer{index}", say("silent in {n} of 5 samples", n=index)) for index in range(4))
    section = replace(report.sections[0], findings=alike)
    page = render_html(replace(report, sections=(section,)))
    card = page.split('<li class="finding note">', 1)[1].split("</ol>", 1)[0]
    assert '<span class="badge">4 notes</span>' in card
    assert "<bdi>layer0</bdi></a>: silent in 0 of 5 samples." in card
    assert "<summary>2 more</summary>" in card
    assert card.count('href="#architecture"') == 4
    assert page.count("Source: Somebody.") == 1


def test_a_finding_about_the_model_says_that_the_whole_model_is_meant(report):
    section = replace(report.sections[0], findings=(finding("model", say("none is right")),))
    page = render_html(replace(report, sections=(section,)))
    assert '<span class="hidden">Note:</span> a-rule: <a href="#architecture">the whole model</a>' in page
    assert "<p>None is right.</p>" in page


def test_a_card_says_why_a_finding_matters_what_to_do_and_how_sure_it_is(report):
    advice = Advice(
        title=say("Dead units"), why=say("They never fire."), action=say("Prune them."), certainty=Certainty.TEST
    )
    section = replace(report.sections[0], findings=(replace(finding("conv"), advice=advice),))
    page = render_html(replace(report, sections=(section,)))
    card = page.split('<li class="finding note">', 1)[1].split("</li>", 1)[0]
    assert "Dead units: <a " in card
    assert "<dt>Why it matters</dt><dd>They never fire.</dd>" in card
    assert "<dt>What to do</dt><dd>Prune them.</dd>" in card
    assert "At least 95% sure: a statistical test or bound. Rule <code>a-rule</code>, limit 0.1." in card


def test_findings_of_one_rule_say_what_to_do_about_each_where_their_numbers_tell(report):
    advice = Advice(title=say("Dead units"), why=say("They never fire."), action=say("Prune them."))
    both = tuple(replace(finding(f"conv{n}"), advice=advice, action=f"Remove {n} units.") for n in (3, 4))
    section = replace(report.sections[0], findings=both)
    page = render_html(replace(report, sections=(section,)))
    assert "<dt>What to do</dt><dd>Prune them.</dd>" in page
    assert [page.count(f". Remove {n} units.</li>") for n in (3, 4)] == [1, 1]
    alone = replace(report, sections=(replace(section, findings=both[:1]),))
    assert "<dt>What to do</dt><dd>Remove 3 units.</dd>" in render_html(alone)


def test_a_long_table_shows_what_findings_are_about_and_then_the_first_rows():
    rows = [ShownRow(f"layer{index}") for index in range(20)]
    section = Section("one", "One", None, (finding("layer17"), finding("layer19")))
    shown = Page(open_language("en")).rows(section, rows, "name")
    assert [row.name for row in shown] == ["layer17", "layer19", *(f"layer{index}" for index in range(6))]
    assert Page(open_language("en")).rows(section, rows[:8], "name") == rows[:8]


def test_a_link_to_a_row_that_is_not_shown_leads_to_its_section():
    anchors = Anchors()
    anchors.make("maps", "here")
    anchors.make("maps", "folded")
    page = '<section id="maps"><p id="maps-here"></p><a href="#maps-here"></a><a href="#maps-folded"></a></section>'
    assert anchors.settled(page) == page.replace("#maps-folded", "#maps")


def test_a_thumbnail_is_a_tile_made_of_blocks():
    values = np.arange(200 * 100, dtype=np.float32).reshape(1, 200, 100)
    grid = ImageGrid(values, ("0",), (0, 20_000), 1, Palette.GREY, 1, np.array([19_999.0]))
    uri = Page(open_language("en")).thumbnail(grid)
    header = base64.b64decode(uri.partition(",")[2])[16:24]
    assert (int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")) == (33, 66)


def test_a_finding_about_a_class_shows_a_wrong_sample_of_it(report):
    quality = next(section for section in report.sections if section.name == "prediction_quality")
    worst = (replace(quality.result.worst[0], label="cat", predicted="dog", right=False), *quality.result.worst[1:])
    section = replace(
        quality, result=replace(quality.result, worst=worst), findings=(finding("cat", code="low-recall"),)
    )
    page = render_html(replace(report, sections=(section,)))
    card = page.split('<li class="finding note">', 1)[1].split("</li>", 1)[0]
    assert f'alt="Evidence of low-recall: sample {worst[0].index}, labelled cat, predicted dog."' in card
