"""The same input gives the same bytes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BUILD = """
import sys
import reportgen
reportgen.build_report(sys.argv[1], sys.argv[2], class_names=sys.argv[3]).save("report.html", json_path="report.json")
"""

SURROUNDINGS = {
    "TZ": "America/Anchorage",
    "PYTHONHASHSEED": "2",
    "LANG": "ko_KR.UTF-8",
    "LC_ALL": "",
    "SOURCE_DATE_EPOCH": "1767225600",
}


def test_a_build_in_other_surroundings_is_the_same_bytes(
    tmp_path: Path, demo_report: Any, demo_model_path: Path, demo_samples_path: Path, demo_class_names_path: Path
) -> None:
    """Compare a process of its own, of another hash seed, time zone and locale, with this one, which ran other tests."""
    inputs = [path.resolve() for path in (demo_model_path, demo_samples_path, demo_class_names_path)]
    command = [sys.executable, "-c", BUILD, *inputs]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | SURROUNDINGS, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    demo_report.save(tmp_path / "here.html", json_path=tmp_path / "here.json")
    for kind in ("html", "json"):
        assert (tmp_path / f"report.{kind}").read_bytes() == (tmp_path / f"here.{kind}").read_bytes()
