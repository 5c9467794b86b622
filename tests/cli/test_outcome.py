"""What may be written where."""

import re
from pathlib import Path

import pytest

from reportgen.cli.outcome import Outcome
from reportgen.errors import UsageError
from reportgen.options import ReportOptions


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a page that an earlier command wrote into the current folder: a message cuts the path of a deep one."""
    monkeypatch.chdir(tmp_path)
    path = Path("report.html")
    path.write_text("an earlier page")
    return path


def test_a_report_is_written_again_whatever_its_note_and_title_are(page):
    # 300 letters are more than a file's name has; a title that is the page's own name names no file to read
    options = ReportOptions(note="n" * 300, title=str(page))
    Outcome(output=page).check(options, Path("model.keras"), {"samples": "x\0y"})


@pytest.mark.parametrize("option", ["architecture", "before", "train_samples", "outside", "slices", "custom_objects"])
def test_no_file_that_an_option_names_is_written_over(page, option):
    value = (str(page),) if option == "custom_objects" else str(page)
    with pytest.raises(
        UsageError, match=rf"^--output must not be a file that is read\. Received: {re.escape(str(page))}\.$"
    ):
        Outcome(output=page).check(ReportOptions(**{option: value}))
