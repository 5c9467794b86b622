"""The README's options are those of the program."""

import re
from pathlib import Path

import typer.main

from reportgen.analyses.catalogue import open_catalogue
from reportgen.cli.app import app

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def options_of(command: str) -> set[str]:
    parameters = typer.main.get_command(app).commands[command].params
    return {name for parameter in parameters for name in parameter.opts if name.startswith("--")}


def test_the_table_of_options_has_every_option_of_build_and_no_other():
    table = README.split("## Options", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"^\| `(--[a-z-]+)", table, flags=re.MULTILINE)) == options_of("build")


def test_every_option_in_the_readme_exists():
    known = options_of("build") | options_of("demo") | {"--help", "--version", "--install-completion", "--data"}
    assert set(re.findall(r"`?(--[a-z][a-z-]+)", README)) <= known


def test_every_exit_code_is_named():
    table = README.split("## Exit codes", 1)[1].split("\n## ", 1)[0]
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
    table = README.split("Findings are rules", 1)[1].split("\n## ", 1)[0]
    codes = re.findall(r"^\| `([a-z-]+)`", table, flags=re.MULTILINE)
    assert sorted(codes) == sorted(row["code"] for row in open_catalogue({}).rules_as_rows())


def test_every_file_that_is_linked_exists():
    root = Path(__file__).parent.parent
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert links
    assert all((root / link).exists() for link in links)
