"""Take the screenshots of the demo's report that the README shows: `make sample`. Needs Debian's Chromium."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
SHOTS = {"light": (1280, 1500, "light"), "dark": (1280, 1500, "dark"), "narrow": (390, 1500, "light")}


def take(browser: Browser, name: str, width: int, height: int, scheme: str) -> None:
    """Write one picture of the top of the page."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto((HERE / "report.html").as_uri())
    page.screenshot(path=HERE / f"report-{name}.png")
    page.close()


def main() -> None:
    """Take all pictures, or say why not."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("no chromium on this machine: the screenshots stay as they are")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, (width, height, scheme) in SHOTS.items():
            take(browser, name, width, height, scheme)
        browser.close()


if __name__ == "__main__":
    main()
