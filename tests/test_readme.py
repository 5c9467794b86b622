"""What the README and docs/ say of options, exit codes and rules is what the program has."""

import re
from pathlib import Path

import pytest
import typer.main

from reportgen.analyses.catalogue import open_catalogue
from reportgen.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
}
README = PAGES[Path("README.md")]
CLI = PAGES[Path("docs/cli.md")]
RULES = PAGES[Path("docs/rules.md")]


def options_of(command: str) -> set[str]:
    parameters = typer.main.get_command(app).commands[command].params
    return {name for parameter in parameters for name in parameter.opts if name.startswith("--")}


def test_the_table_of_options_has_every_option_of_build_and_no_other():
    table = CLI.split("## Options", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"^\| `(--[a-z-]+)", table, flags=re.MULTILINE)) == options_of("build")


@pytest.mark.parametrize(
    "page", ["README.md", "README.ko.md", "docs/cli.md", "docs/rules.md", "docs/samples.md", "docs/page.md"]
)
def test_every_option_that_is_named_exists(page):
    known = options_of("build") | options_of("demo") | {"--help", "--version", "--install-completion", "--no-deps"}
    assert set(re.findall(r"`?(--[a-z][a-z-]+)", PAGES[Path(page)])) <= known


def test_every_exit_code_is_named():
    table = CLI.split("## Exit codes", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| (\d+) ", table, flags=re.MULTILINE) == [
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "70",
        "71",
        "130",
        "143",
    ]


def test_the_table_of_findings_has_every_rule_and_no_other():
    table = RULES.split("## The rules", 1)[1].split("\n## ", 1)[0]
    codes = re.findall(r"^\| `([a-z-]+)`", table, flags=re.MULTILINE)
    assert sorted(codes) == sorted(row["code"] for row in open_catalogue({}).rules_as_rows())


def test_every_file_that_is_linked_exists():
    links = [(page, link) for page, text in PAGES.items() for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text)]
    assert len(links) > 30
    assert [(page, link) for page, link in links if not (ROOT / page.parent / link).exists()] == []


def test_the_readme_is_a_front_door():
    assert len(README.splitlines()) <= 150


def paths_in(page):
    text = re.sub(r"```.*?```", "", PAGES[Path(page)], flags=re.DOTALL)
    return {name for name in re.findall(r"`([\w./<>]+)`", text) if re.search(r"/|\.(?:py|po|html|json|toml)$", name)}


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_path_in_the_guides_to_the_code_is_there(page):
    """A path stands as seen from the root or the package; a file's or folder's name alone is looked for below them."""
    places = [ROOT, *(ROOT / name for name in ("reportgen", "tests", "templates", "docs"))]
    known = {path.name for place in places[1:] for path in place.rglob("*")} | {"compiled"}  # which the build writes
    gone = []
    for path in paths_in(page):
        wanted = re.sub(r"<\w+>", "*", path.rstrip("/"))
        if wanted not in known and not any(any(place.glob(wanted)) for place in places):
            gone.append(path)
    assert gone == []


def test_the_map_of_the_architecture_names_every_room():
    named = paths_in("docs/architecture.md")
    rooms = {path.name for path in (ROOT / "reportgen").iterdir() if path.suffix == ".py" or [*path.glob("*.py")]}
    missing = {room for room in rooms if not any(room in path.split("/") for path in named)}
    assert missing <= {"__init__.py", "__main__.py"}
