import shutil

import pytest

from reportgen.errors import OutputError
from reportgen.rendering.pdf import find_browser, print_pdf

needs_browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")


def test_without_a_browser_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(
        OutputError, match=r"--pdf needs an installed Chromium or Chrome\. Received: none on the PATH\."
    ):
        find_browser()


def test_a_browser_that_fails_is_one_line(monkeypatch, tmp_path):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr("reportgen.rendering.pdf.find_browser", lambda: str(broken))
    with pytest.raises(OutputError, match=r"^chromium could not print the page\. Received: CalledProcessError\."):
        print_pdf("<!doctype html><title>x</title>")


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize(("paper", "box"), [("A4", b"594.95996 841.91998"), ("Letter", b"612 792")])
def test_the_paper_is_the_one_that_the_style_asks_for(paper, box):
    pdf = print_pdf(f"<!doctype html><title>x</title><style>@page {{ size: {paper} }}</style><p>text")
    assert pdf.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 " + box + b"]" in pdf
