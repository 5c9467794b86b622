"""The reports that the browser tests look at, and a Chromium to look with."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks import HEIGHTS, Pages, Visit, missing

HERE = Path(__file__).parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="session")
def reports(demo_report: Any) -> dict[str, Any]:
    """Return the reports by name: the demo's, a 50-layer network's with 8 samples, one of skips alone, one of hostile names,
    one of every layout of tiles, the demo's in Korean and redacted, and those of small networks of other kinds."""
    from deep_network import fifty_layers
    from hand_built import hostile_report, skipped_report
    from kinds import residual_report, segmentation_report, signal_report, weights_report
    from tiles import tiles_report

    from reportgen.api import build_report
    from reportgen.redaction.reports import redact

    demo = of_the_command(demo_report)
    samples = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    return {
        "demo": demo,
        "deep": build_report(fifty_layers(), samples),
        "skipped": skipped_report(),
        "hostile": hostile_report(),
        "tiles": tiles_report(),
        "korean": in_korean(demo),
        "redacted": redact(demo),
        "residual": residual_report(),
        "signals": signal_report(),
        "masks": segmentation_report(),
        "weights": weights_report(),
    }


@pytest.fixture(scope="session")
def report_paths(tmp_path_factory: pytest.TempPathFactory, reports: dict[str, Any]) -> dict[str, Path]:
    """Return the pages of the reports by name; the demo's is what `reportgen demo` writes (test_determinism.py)."""
    from reportgen.rendering.html import render_html
    from reportgen.rendering.output import write_all

    folder = tmp_path_factory.mktemp("reports")
    write_all({folder / f"{name}.html": render_html(report) for name, report in reports.items()})
    return {name: folder / f"{name}.html" for name in reports}


def of_the_command(report: Any) -> Any:
    """Return the demo's report as `reportgen demo` makes it, with its title and its command."""
    from reportgen.demo import TITLE

    options = {**report.provenance.options, "title": TITLE}
    provenance = replace(report.provenance, title=TITLE, command="reportgen demo", options=options)
    return replace(report, provenance=provenance)


def in_korean(report: Any) -> Any:
    """Return a report whose page is Korean."""
    options = {**report.provenance.options, "lang": "ko"}
    return replace(report, provenance=replace(report.provenance, options=options))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a Chromium that every test shares."""
    if CHROMIUM is None:
        missing("needs Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install -e '.[test]'")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=CHROMIUM, args=_FLAGS.split())
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pages(browser: Any) -> Pages:
    """Return the browser's pages."""
    return Pages(browser)


@pytest.fixture
def open_page(pages: Pages) -> Iterator[Callable[..., Visit]]:
    """Return a function that opens a document in a page that is as good as new, and says what the browser complained about."""
    taken = []

    def opened(document: Path | str, *, headers: dict[str, str] | None = None, **options: Any) -> Visit:
        taken.append(pages.open(document, headers or {}, options))
        return taken[-1]

    yield opened
    for visit in taken:
        pages.put_back(visit)


@pytest.fixture
def look(pages: Pages, report_paths: dict[str, Path]) -> Callable[..., Visit]:
    """Return a function that shows a report's page to tests that change no more of it than its window and its media.

    All of them share a page, loaded once, with everything folded as it comes or open; its script asks for no width as it loads.
    They are run report by report: by their parameter `name`, which is the demo's where there is none (tests/conftest.py).
    """

    def at(name: str, *, width: int = 1280, unfolded: bool = False, **options: Any) -> Visit:
        visit = pages.look(report_paths[name], unfolded, {"color_scheme": "light", **options})
        visit.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        return visit

    return at


@pytest.fixture(scope="session")
def saved_pdfs(reports: dict[str, Any], browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that returns a report's PDF as --pdf-full or --pdf writes it; `browser` says where there is none."""
    from reportgen.rendering.html import render_html
    from reportgen.rendering.pdf import print_pdf

    folder = tmp_path_factory.mktemp("pdfs")

    def of(name: str, paper: str, *, full: bool = True) -> Path:
        pdf = folder / f"{name}-{paper}-{full}.pdf"
        if not pdf.exists():
            pdf.write_bytes(print_pdf(render_html(reports[name], paper=paper, full=full)))
        return pdf

    return of


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Return the folder with axe-core, html-validate and vnu-jar, installed from the lock file where one is missing.

    One worker installs while the others wait: what npm has made half looks whole, and a second npm would delete it.
    """
    folder = HERE / "node_modules"
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["devDependencies"]

    def complete() -> bool:
        # npm writes its own copy of the lock file when all is there
        return all((folder / name).exists() for name in (*wanted, ".package-lock.json"))

    with (HERE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete() and shutil.which("npm"):
            subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=HERE, check=False, capture_output=True)
    if not complete():
        missing("needs tests/browser/node_modules: npm ci --ignore-scripts")
    return folder


@pytest.fixture(scope="session")
def axe_source(node_modules: Path) -> str:
    """Return axe-core, to be run inside a page."""
    return (node_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def html_validate(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, list[str]]]:
    """Return a function that checks files and returns what html-validate says of each, by the file's stem."""
    said_path = tmp_path_factory.mktemp("html-validate") / "said.json"

    def validate(*paths: Path) -> dict[str, list[str]]:
        command = [
            node_modules / ".bin" / "html-validate",
            "--config",
            HERE / "htmlvalidate.json",
            "--formatter",
            "json",
        ]
        with said_path.open("w", encoding="utf-8") as said:  # into a pipe it would write no more than 64 KiB
            subprocess.run([*command, *paths], stdout=said, check=False)
        faults: dict[str, list[str]] = {path.stem: [] for path in paths}
        for result in json.loads(said_path.read_text(encoding="utf-8")):
            faults[Path(result["filePath"]).stem] += [f"{m['ruleId']}: {m['message']}" for m in result["messages"]]
        return faults

    return validate
