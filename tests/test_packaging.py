"""A forgotten subpackage or glob is dropped from the wheel in silence; the tree is compared with what was built."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reportgen.rendering.templates import COMPILED, write_compiled

ROOT = Path(__file__).parent.parent
ENDINGS = {".py", ".html", ".css", ".js", ".json", ".po", ".keras", ".npz", ".txt", ".md", ".typed"}


def expected_names() -> set[str]:
    """Return the files of the tree under the names that they must have in the wheel."""
    names = set()
    for folder, inside in ((ROOT / "reportgen", "reportgen"), (ROOT / "templates", "reportgen/templates")):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix in ENDINGS and not {"__pycache__", COMPILED} & set(path.parts):
                names.add(f"{inside}/{path.relative_to(folder).as_posix()}")
    return names


def compiled_names(folder: Path) -> set[str]:
    """Return the Python of the templates under the names that it must have in the wheel."""
    write_compiled(ROOT / "templates", folder)
    return {f"reportgen/templates/{COMPILED}/{path.name}" for path in folder.iterdir()}


@pytest.mark.slow
def test_the_wheel_holds_every_module_template_with_its_python_and_demo_file(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("reportgen", "templates", "pyproject.toml", "setup.py", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(source)], check=True)
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(source)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "Warning" not in said.stdout + said.stderr  # such as of a folder that is no package and may be left out
    wheel = next(tmp_path.glob("cnn_reportgen-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if "licenses/" in name]
    assert packed == expected_names() | compiled_names(tmp_path / "compiled")
    assert sorted(Path(name).name for name in licences) == ["LICENSE", "LICENSE-fashion-mnist.txt"]
