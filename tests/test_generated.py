"""What the program says of itself elsewhere is what `make generated` writes."""

import runpy
from pathlib import Path

import pytest

GENERATED = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "generate.py"))["generated"]()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path):
    assert path.read_text(encoding="utf-8") == GENERATED[path], "run `make generated`"
