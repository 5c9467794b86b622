"""Take the pictures that the README shows, of the demo's report: `make sample`. Needs Debian's Chromium."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
SECTIONS = {"kernels": "#filter_grids", "feature-maps": "#feature_maps"}


def main() -> None:
    """Take the top of each section, or say why not."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("no chromium on this machine: the pictures stay as they are")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.goto((HERE / "report.html").as_uri())
        for name, section in SECTIONS.items():
            box = page.locator(section).bounding_box()
            clip = {"x": box["x"], "y": box["y"], "width": box["width"], "height": min(box["height"], 760)}
            page.screenshot(path=HERE / f"{name}.png", full_page=True, clip=clip)
        browser.close()


if __name__ == "__main__":
    main()
