"""The same input gives the same bytes."""

import os
import subprocess
import sys

import pytest

BUILD = """
import sys
import reportgen
reportgen.build_report(sys.argv[1], sys.argv[2], class_names=sys.argv[3]).save("report.html", json_path="report.json")
"""

SURROUNDINGS = (
    {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
    {"TZ": "America/Anchorage", "PYTHONHASHSEED": "2", "LANG": "ko_KR.UTF-8", "LC_ALL": ""},
)


@pytest.mark.slow
def test_two_builds_in_other_surroundings_are_the_same_bytes(
    tmp_path, demo_model_path, demo_samples_path, demo_class_names_path
):
    inputs = [path.resolve() for path in (demo_model_path, demo_samples_path, demo_class_names_path)]
    running = []
    for name, surroundings in zip(("here", "elsewhere"), SURROUNDINGS, strict=True):
        (tmp_path / name).mkdir()
        environment = os.environ | surroundings | {"SOURCE_DATE_EPOCH": "1767225600"}
        command = [sys.executable, "-c", BUILD, *inputs]
        running.append(subprocess.Popen(command, cwd=tmp_path / name, env=environment, stderr=subprocess.PIPE))
    for process in running:
        said = process.communicate()[1]
        assert process.returncode == 0, said.decode(errors="replace")
    for file in ("report.html", "report.json"):
        assert (tmp_path / "here" / file).read_bytes() == (tmp_path / "elsewhere" / file).read_bytes()
