import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from urllib.parse import unquote

import pytest
from jinja2 import UndefinedError

from reportgen.rendering.html import _short_names, render_frame, render_html
from reportgen.rendering.json import render_json
from reportgen.results.findings import Inconclusive, RuleInForce, Severity
from reportgen.results.report import Section, SkippedSection


def numbers_of(page: str) -> str:
    """Return the JSON that the page's link offers, compressed."""
    link = between(page, 'download="report.json.gz" href="data:application/gzip;base64,', '"')
    return gzip.decompress(base64.b64decode(link)).decode("utf-8")


def between(page: str, start: str, end: str) -> str:
    return page.split(start, 1)[1].split(end, 1)[0]


def test_the_page_shows_every_section_and_the_reason_of_a_skip(report):
    page = render_html(report)
    skipped = between(page, '<section id="skipped"', "</section>")
    for section in report.sections:
        assert (f'<section id="{section.name}"' in page) is isinstance(section, Section)
        assert (f'<strong id="{section.name}">{section.title}</strong>' in skipped) is isinstance(
            section, SkippedSection
        )
    assert '<strong id="attribution">Where it looks</strong>: No samples were given.' in skipped


def test_findings_link_to_their_evidence(report):
    page = render_html(report)
    card = between(page, '<li class="finding warning">', "</li>")
    assert 'href="#channel_activity-conv"' in card
    assert "1 of 2 channels never fired on 5 samples (50%, limit 10%)." in card
    assert '<tr id="channel_activity-conv">' in page


def test_ids_are_unique_and_every_fragment_resolves(report):
    page = render_html(report)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_policy_allows_exactly_the_pages_own_style_and_script(report):
    page = render_html(report)
    policy = between(page, 'http-equiv="Content-Security-Policy" content="', '"').replace("&#39;", "'")
    for name, text in (
        ("style", between(page, "<style>", "</style>")),
        ("script", page.rsplit('<script type="module">', 1)[1].split("</script>")[0]),
    ):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:; ")


def test_the_page_has_no_inline_style_no_handler_and_no_address_to_load_from(report):
    page = render_html(report)
    assert not re.search(r'\sstyle="', page)
    assert not re.search(r"\son[a-z]+=", page)
    assert all(source.startswith("data:") for source in re.findall(r'\ssrc="([^"]+)"', page))


def test_hostile_text_is_escaped(retitled):
    title = '</title><script>alert("1")</script>\u202e'
    report = retitled(title)
    page = render_html(report)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&#34;1&#34;)" in page
    assert "\u202e" not in page
    assert json.loads(numbers_of(page))["provenance"]["title"] == title


def test_the_numbers_travel_along_once_as_a_compressed_download(report):
    page = render_html(report)
    assert numbers_of(page) == render_json(report)
    assert page.count("data:application/") == 1
    assert '"schema_version"' not in page


def test_a_page_is_the_same_every_time(report):
    assert render_html(report) == render_html(report)


def test_silent_channels_are_marked_inside_the_picture(report):
    pictures = re.findall(r'<img class="tiles[^"]*" src="([^"]+)" alt="Feature maps', render_html(report))
    assert len(pictures) == 1
    assert re.findall(r"<text y='\d+' x='[\d,]+'>([^<]*)</text>", unquote(pictures[0])) == ["01 ∅"]


def test_a_missing_value_in_a_template_is_an_error_and_not_a_blank(report):
    broken = Section("architecture", "Architecture", None)
    with pytest.raises(UndefinedError):
        render_html(replace(report, sections=(broken,)))


def test_a_notebook_shows_the_page_in_a_frame_without_scripts(report):
    frame = render_frame(report)
    assert frame.startswith('<iframe sandbox="')
    assert "allow-scripts" not in frame
    assert "&lt;!doctype html&gt;" in frame


def test_rendering_imports_neither_tensorflow_nor_keras():
    code = "import reportgen.rendering.html, sys; assert not {'tensorflow', 'keras', 'typer'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


UNDECIDED = (
    Inconclusive("recall-below-chance", "conv", "recall 0.2 (0.05 to 0.4), limit 0.1", 1400),
    Inconclusive("miscalibration", "samples", "the rate is the limit", None),
)


def test_what_is_inconclusive_is_counted_and_listed_with_the_samples_that_would_decide(report):
    sections = tuple(
        replace(section, inconclusive=UNDECIDED if section.name == "channel_activity" else ())
        for section in report.sections
    )
    page = render_html(replace(report, sections=sections))
    assert "<strong>2</strong> inconclusive</a></li>" in page
    listed = between(page, '<h3 id="inconclusive">', "</ul>")
    assert '<a href="#channel_activity-conv"><bdi>conv</bdi></a> <code>recall-below-chance</code>' in listed
    assert "limit 0.1. About 1,400 samples would decide it." in listed
    assert '<a href="#channel_activity"><bdi>samples</bdi></a>' in listed
    assert "No number of samples would decide it if the rate stayed." in listed
    decided = replace(report, sections=tuple(replace(section, inconclusive=()) for section in sections))
    assert 'id="inconclusive"' not in render_html(decided)


def test_the_rules_in_force_are_printed_with_who_set_them(report):
    rules = (
        RuleInForce("a-rule", 0.001, Severity.NOTE, "share"),
        RuleInForce("b-rule", 30.0, Severity.PROBLEM, "times", set_by="<b>.toml"),
        RuleInForce("c-rule", 2, Severity.NOTE, "layers", off=True, set_by="r.toml"),
    )
    table = between(render_html(replace(report, rules=rules)), "<summary>All rules</summary>", "</table>")
    assert table.split('<code class="prewrap">')[-1].split("</code>")[0].split("\n") == [
        "a-rule: 0.001 (share)",
        "b-rule: 30 (times); &lt;b&gt;.toml, problem",
        "c-rule: off; r.toml",
    ]
    assert "All rules" not in render_html(report)


def test_a_notebooks_frame_links_to_itself_and_not_to_the_notebook(report):
    frame = render_frame(report)
    assert "href=&#34;#" not in frame
    assert frame.count("href=&#34;about:srcdoc#") == render_html(report).count('href="#')


def test_options_are_words_and_lists_and_not_python(report):
    options = {"layers": (), "attribution": ("hirescam", "gradcam"), "maximise": False, "redact": True, "bins": 60}
    page = render_html(replace(report, provenance=replace(report.provenance, options=options)))
    lines = (
        between(page, "Every option", "</table>").split('<code class="prewrap">')[-1].split("</code>")[0].split("\n")
    )
    shown = dict(line.split(": ") for line in lines)
    assert shown == {
        "layers": "by default",
        "attribution": "hirescam, gradcam",
        "maximise": "no",
        "redact": "yes",
        "bins": "60",
    }


def test_the_verdict_states_the_accuracy_and_the_facts_the_shown_samples_only_where_it_is_unknown(report):
    page = render_html(report)
    assert "Accuracy 80.0% (37.6%–96.4%) on 5 samples; baseline 60.0%.</p>" in page
    assert "Shown samples right" not in between(page, '<dl class="facts">', "</dl>")
    without = tuple(section for section in report.sections if section.name != "prediction_quality")
    page = render_html(replace(report, sections=without))
    assert "<dt>Shown samples right</dt><dd>1 of 1</dd>" in between(page, '<dl class="facts">', "</dl>")
    assert "Accuracy " not in between(page, '<p class="verdict', "</p>")


def test_samples_are_thumbnails_of_the_summary_that_lead_to_their_cards(report):
    page = render_html(report)
    strip = between(page, '<ul class="strip">', "</ul>")
    wrong, right = strip.split("</li>")[:2]
    assert 'class="wrong" href="#prediction_quality-samples"' in wrong
    assert '<a href="#sample_predictions-3"><img ' in right
    assert strip.count("<img ") == 2


def test_a_title_cannot_leave_the_style_sheet_that_prints_it(retitled):
    title = '"; } </style><b>{}\\'
    style = between(render_html(retitled(title)), "<style>", "</style>")
    assert r'content:"\22 \3b \20 \7d \20 \3c \2f style\3e \3c b\3e \7b \7d \5c ' in style


def test_the_appendix_is_printed_only_where_it_is_asked_for(report):
    rule = "}details::details-content"
    assert rule not in render_html(report)
    assert rule in render_html(report, paper="A4", full=True)


def test_the_method_of_filters_states_the_thresholds_that_were_in_force(report):
    sections = tuple(
        replace(section, result=replace(section.result, weak_share=0.05, duplicate_cosine=0.9))
        if section.name == "filter_grids"
        else section
        for section in report.sections
    )
    page = render_html(replace(report, sections=sections))
    assert "Weak: L2 norm below 0.05 of the layer’s largest, or near zero;" in page
    assert "Near-duplicate: cosine above 0.9, for ungrouped" in page


def test_names_of_the_scripts_variables_are_short_and_those_of_properties_kept():
    script = 'const figure=1,kept=2,wide=({kept,of:{size}},given)=>figure+given.size+"figure";on(figure,{kept});'
    assert _short_names(script) == 'const a=1,kept=2,b=({kept,of:{size}},given)=>a+given.size+"figure";on(a,{kept});'
