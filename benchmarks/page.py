"""Measure how soon the demo's page is there, against an empty page: `python benchmarks/page.py [--runs 5]`. Needs Chromium.

One browser opens both in turn, so that a busy machine slows both.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import reportgen
from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES

EMPTY = "<!doctype html><html lang='en'><title>empty</title></html>"


def milliseconds_to_load(browser: Any, path: Path) -> float:
    """Return the time from the start of the navigation to the end of the load event, in a fresh context."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    context.close()
    return float(loaded)


def main() -> None:
    """Open both pages in turn and print the figures."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty, report = Path(folder, "empty.html"), Path(folder, "report.html")
        empty.write_text(EMPTY, encoding="utf-8")
        reportgen.build_report(MODEL, SAMPLES, class_names=CLASS_NAMES).save(report)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        pairs = [(milliseconds_to_load(browser, empty), milliseconds_to_load(browser, report)) for _ in range(runs)]
        browser.close()
    ratios = [loaded / floor for floor, loaded in pairs]
    print(f"empty page    {statistics.median(floor for floor, _ in pairs):6.0f} ms (median of {runs})")
    print(f"demo's report {statistics.median(loaded for _, loaded in pairs):6.0f} ms")
    print(f"ratio         {statistics.median(ratios):6.1f} ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
