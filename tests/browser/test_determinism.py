"""The same input gives the same bytes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SURROUNDINGS = {
    "TZ": "America/Anchorage",
    "PYTHONHASHSEED": "2",
    "LANG": "ko_KR.UTF-8",
    "LC_ALL": "",
    "SOURCE_DATE_EPOCH": "1767225600",
}


def test_a_build_in_other_surroundings_is_the_same_bytes(tmp_path: Path, reports: dict[str, Any]) -> None:
    """Compare the command, in a process of another hash seed, time zone and locale, with a report that Python made here."""
    command = [sys.executable, "-m", "reportgen", "demo", "--quiet", "--output", "report.html", "--json", "report.json"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | SURROUNDINGS, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    reports["demo"].save(tmp_path / "here.html", json_path=tmp_path / "here.json")
    for kind in ("html", "json"):
        assert (tmp_path / f"report.{kind}").read_bytes() == (tmp_path / f"here.{kind}").read_bytes()
