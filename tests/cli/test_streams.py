"""Standard streams that are closed, full, or without a reader."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = f"{sys.executable} -m reportgen"


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("command", "code", "error"),
    [
        ("rules >/dev/full", 5, "reportgen: standard output cannot be written. Received: No space left on device."),
        ("rules | true; exit ${PIPESTATUS[0]}", 0, ""),
        ("--help >/dev/full", 5, "reportgen: standard output"),
        ("rules >&-", 0, ""),
        ("rules 2>&- >/dev/null", 0, ""),
        ("build nothing.keras >&- 2>&-", 3, ""),
        ("build nothing.keras 2>/dev/full", 3, ""),
    ],
)
def test_a_stream_that_takes_nothing_is_no_traceback(tmp_path, command, code, error):
    done = shell(f"{PROGRAM} {command}", tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(error)
    assert done.stderr.count("\n") == bool(error)


@pytest.mark.parametrize("streams", ["2>/dev/full | true; exit ${PIPESTATUS[0]}", ">/dev/full 2>&-", ">&- 2>&-"])
def test_a_written_report_is_exit_code_0_whoever_hears_of_it(stored_weights, tmp_path, streams):
    done = shell(f"{PROGRAM} build {stored_weights} -o r.html {streams}", tmp_path)
    assert done.returncode == 0
    assert "Traceback" not in done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
