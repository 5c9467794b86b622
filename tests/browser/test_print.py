"""The printed page holds what the page holds."""

import shutil
import subprocess
import unicodedata

import pytest
from checks import REPORTS


@pytest.fixture
def printed(report_paths, open_page, tmp_path):
    """Return a function that prints a report, script off, and returns the page and the PDF's text without blanks."""

    def of(name, paper="A4", **options):
        page = open_page(report_paths[name], java_script_enabled=False, **options).page
        pdf = tmp_path / f"{name}.pdf"
        page.pdf(path=pdf, format=paper, print_background=True)
        return page, _compact(_text(pdf))

    return of


@pytest.mark.parametrize(("name", "paper"), [*((name, "A4") for name in REPORTS), ("demo", "Letter")])
def test_every_caption_is_in_the_pdf(printed, name, paper):
    page, text = printed(name, paper)
    captions = page.locator("caption, figcaption > *:first-child, h1, h2, h3, .finding p").all_text_contents()
    assert [caption for caption in captions if _compact(caption).replace("#", "") not in text.replace("#", "")] == []


def test_every_number_of_the_folded_tables_is_in_the_pdf(printed):
    page, text = printed("demo")
    for table in page.locator("details table").all():
        assert [cell for cell in table.locator("tbody td").all_text_contents() if _compact(cell) not in text] == []


def test_both_sides_of_a_comparison_are_printed_whatever_is_chosen(report_paths, open_page):
    page = open_page(report_paths["demo"]).page
    page.get_by_label("untrained", exact=True).check()
    page.emulate_media(media="print")
    assert [figure.is_visible() for figure in page.locator("figure.trained").all()] == [True, True]


def test_print_is_light_and_leaves_out_what_cannot_be_used_on_paper(report_paths, open_page):
    page = open_page(report_paths["demo"], color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for left_out in (".contents", ".compare", ".button", ".bar label", ".permalink"):
        assert not page.locator(left_out).first.is_visible(), left_out


def test_an_enlarged_grid_is_printed_within_the_paper(report_paths, open_page):
    page = open_page(report_paths["demo"], viewport={"width": 700, "height": 900}).page
    page.locator(".bar input").first.check()
    page.emulate_media(media="print")
    assert page.locator("#filter_grids .grid").first.bounding_box()["width"] < 350


def _text(pdf):
    """Return the text in the order of drawing, in which a caption of two lines beside another table stays whole."""
    if shutil.which("pdftotext"):
        return subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, check=True).stdout.decode("utf-8")
    pypdf = pytest.importorskip("pypdf", reason="needs pdftotext: apt-get install poppler-utils")
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)


def _compact(text):
    return "".join(unicodedata.normalize("NFKC", text).split())
