"""The printed page holds what the page holds, and its pages end where a reader would end them."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from checks import REPORTS, compact, missing, pdf_text, print_faults
from PIL import Image

from reportgen.rendering.html import render_html

PAPERS = ("A4", "Letter")

RUNNING = r"^.* – SHA-256 [0-9a-f]{12}$|^\d+ / \d+$"
"""What stands at the edges of every page, and so inside a cell that goes on over two."""


@pytest.fixture
def full_page(reports, open_page, tmp_path):
    """Return a function that opens a report's page as it is printed in full, script off."""

    def of(name):
        full = tmp_path / f"{name}.html"
        full.write_text(render_html(reports[name], full=True), encoding="utf-8")
        return open_page(full, java_script_enabled=False).page

    return of


@pytest.mark.parametrize(("name", "paper"), [*((name, "A4") for name in REPORTS), ("demo", "Letter")])
def test_every_caption_finding_and_folded_number_is_in_the_pdf(full_page, saved_pdfs, name, paper):
    if shutil.which("pdftotext") is None:
        missing("needs pdftotext: apt-get install poppler-utils")
    text = compact(re.sub(RUNNING, "", pdf_text(saved_pdfs(name, paper)), flags=re.MULTILINE))
    assert print_faults(full_page(name), text) == []


def test_print_is_light_and_leaves_out_what_cannot_be_used_on_paper(report_paths, open_page):
    page = open_page(report_paths["demo"], color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for left_out in (".skip", ".button", ".permalink", ".contents", "footer"):
        assert not page.locator(left_out).first.is_visible(), left_out
    assert not page.locator(".contents").is_visible()


@pytest.mark.parametrize(
    ("name", "paper"), [*(("demo", paper) for paper in PAPERS), ("deep", "A4"), ("residual", "A4")]
)
def test_a_pdf_has_at_most_ten_pages_each_with_the_model_and_says_which_layers_it_leaves_out(
    saved_pdfs, reports, name, paper
):
    pdf = saved_pdfs(name, paper, full=False)
    pages = pdf_text(pdf, "-layout").split("\f")[:-1]
    assert len(pages) <= 10
    assert ("This PDF shows the first two layers" in pages[0]) == (name != "demo")
    provenance = reports[name].provenance
    running = f"{provenance.title} – {provenance.date} – SHA-256 {provenance.sha256[:12]}"
    assert [number for number, text in enumerate(pages, 1) if compact(running) not in compact(text)] == []


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("name", ["demo", "deep"])
def test_the_outline_of_a_pdf_has_every_heading(saved_pdfs, look, name, paper):
    headings = look(name).page.locator("h1, h2, h3").count()
    assert saved_pdfs(name, paper).read_bytes().count(b"/Title") == headings + 1  # and that of the document


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("name", ["demo", "deep"])
def test_no_page_of_a_pdf_but_the_last_is_nearly_empty(saved_pdfs, tmp_path, name, paper):
    subprocess.run(["pdftoppm", "-r", "20", "-gray", "-png", saved_pdfs(name, paper), tmp_path / "page"], check=True)
    pages = sorted(tmp_path.glob("page-*.png"))
    assert len(pages) > 10
    filled = [_filled(np.asarray(Image.open(page))) for page in pages[:-1]]
    assert [(number, share) for number, share in enumerate(filled, 1) if share < 0.45] == []


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("name", ["demo", "deep"])
def test_no_page_of_a_pdf_ends_with_a_heading_or_caption(saved_pdfs, look, name, paper):
    page = look(name).page
    leading = page.locator("h2, h3, summary, caption:not(.hidden, .columns *)").all_text_contents()
    # a short one may be a cell of a table as well, such as a layer's name
    titles = {title for text in leading if len(title := compact(text).replace("#", "")) > 10}
    # as it lies on the paper: Chromium may draw a heading after the paragraph below it
    pages = pdf_text(saved_pdfs(name, paper), "-layout").split("\f")[:-1]
    last = [[line for line in text.splitlines() if line.strip()][-2] for text in pages]  # above the page's number
    beside = [
        (number, [compact(text) for text in re.split(r"\s{2,}", line) if text]) for number, line in enumerate(last, 1)
    ]
    # two headings may stand side by side; a layer's name beside anything else is a row of a table
    assert [(number, texts) for number, texts in beside if titles.issuperset(texts)] == []


def _filled(pixels):
    """Return down to which share of a page's height there is ink, its margin with the page's number aside."""
    body = pixels[: -round(0.05 * len(pixels))]
    return float(np.flatnonzero((body < 250).any(axis=1)).max(initial=0) / len(body))
