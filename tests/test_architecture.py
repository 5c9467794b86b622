"""What the walls and the house rules say, where a test is shorter than a reviewer."""

import ast
import re
from pathlib import Path

import pytest

from reportgen.analyses import ANALYSES

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "reportgen").rglob("*.py"))


@pytest.fixture(scope="module")
def nodes():
    """Return the nodes of all modules' trees, by module."""
    return {module: list(ast.walk(ast.parse(module.read_text("utf-8")))) for module in MODULES}


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.name)
def test_an_analysis_is_one_folder_or_module_one_template_and_one_test(analysis):
    home = f"reportgen.analyses.{analysis.name}"
    assert type(analysis).__module__ in (home, f"{home}.analysis")
    assert (ROOT / "templates" / "sections" / f"{analysis.name}.html").is_file()
    assert (ROOT / "tests" / "analyses" / f"test_{analysis.name}.py").is_file()


def test_the_folder_of_analyses_holds_little_else():
    homes = {home.stem for home in (ROOT / "reportgen" / "analyses").iterdir() if home.stem != "__pycache__"}
    rest = {"__init__", "base", "catalogue", "plugins", "sections"}
    assert homes - rest == {analysis.name for analysis in ANALYSES}


def test_the_project_file_names_no_analysis():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8") + (ROOT / "setup.py").read_text(encoding="utf-8")
    assert not [analysis.name for analysis in ANALYSES if f"analyses.{analysis.name}" in project]


def test_html_is_written_in_templates_alone(nodes):
    tag = re.compile(r"</?(?:div|span|table|tr|td|th|p|h[1-6]|img|figure|section|a|iframe)\b[^>]*>")
    for module in MODULES:
        texts = [node.value for node in nodes[module] if isinstance(node, ast.Constant)]
        assert not [text for text in texts if isinstance(text, str) and tag.search(text)], module


def test_pyplot_is_never_imported():
    assert not [
        module for module in MODULES if "pyplot" in re.sub(r'""".*?"""', "", module.read_text("utf-8"), flags=re.S)
    ]


def test_only_the_command_line_imports_typer():
    importing = {
        module.parent.name
        for module in MODULES
        if re.search(r"^\s*(?:import|from) typer", module.read_text("utf-8"), re.M)
    }
    assert importing == {"cli"}


def test_only_the_command_line_and_scripts_print():
    printing = [module.name for module in MODULES if re.search(r"(?<!\w)print\(", module.read_text("utf-8"))]
    assert printing == ["app.py", "train.py"]


def test_private_names_of_keras_stand_in_one_module():
    private = re.compile(
        r"(?:from|import) keras\.src|[.\"]_(?:functional|inbound_nodes|nodes_by_depth|keras_history|flatten_layers|tracker"
        r"|(?:in|out)puts_struct|trainable_variables|non_trainable_variables|build_shapes_dict|is_quantized)\b"
    )
    assert {module.name for module in MODULES if private.search(module.read_text("utf-8"))} == {"keras_internals.py"}


def documented(nodes, section):
    """Yield all functions and classes whose docstrings have the section: place, node and the entries, pairs of names and text."""
    for module, found in nodes.items():
        for node in found:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                text = re.search(rf"^{section}:\n((?:    .*\n?|\n)+)", ast.get_docstring(node) or "", re.M)
                if text:
                    yield (
                        f"{module.relative_to(ROOT)}:{node.lineno}",
                        node,
                        re.findall(r"^    (?! )([^:\n]+):(?: (.*)|$)", text[1], re.M),
                    )


def names_in(entries):
    return {name.strip("* ") for names, _ in entries for name in names.split(",")}


@pytest.mark.parametrize("section", ["Args", "Attributes"])
def test_no_entry_begins_with_of(nodes, section):
    assert not [
        (place, entry) for place, _, entries in documented(nodes, section) for entry in entries if entry[1][:3] == "of "
    ]


def test_documented_arguments_are_those_of_the_signature(nodes):
    wrong = {}
    for place, node, entries in documented(nodes, "Args"):
        if isinstance(node, ast.ClassDef):
            (node,) = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
        given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg)
        known = {one.arg for one in given if one} - {"self", "cls"}
        if differing := names_in(entries) ^ known:
            wrong[place] = differing
    assert not wrong


def test_documented_attributes_are_those_of_the_class(nodes):
    wrong = {}
    for place, node, entries in documented(nodes, "Attributes"):
        assigned = {
            part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        }
        own = {
            part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
        }
        if unknown := names_in(entries) - assigned - own:
            wrong[place] = unknown
    assert not wrong
