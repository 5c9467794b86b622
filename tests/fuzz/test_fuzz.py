"""Damaged files, the same ones in every run, and those that once failed."""

import subprocess
import sys
from pathlib import Path


def test_every_damaged_file_is_read_or_refused_in_one_line() -> None:
    program = Path(__file__).with_name("fuzz.py")
    ended = subprocess.run([sys.executable, str(program), "--count", "100"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
