"""The page as PDF, printed by a Chromium that is already on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from reportgen.errors import OutputError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")

_SECONDS = 120
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",  # one bookmark for each heading
)


def find_browser() -> str:
    """Return the path of an installed Chromium, or of a browser made from it.

    Raises:
        OutputError: there is none on the PATH.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise OutputError(
            "--pdf needs an installed Chromium or Chrome. Received: none on the PATH. "
            "Install one, or print the page from any browser."
        )
    return found


def print_pdf(page: str) -> bytes:
    """Return a page as PDF.

    Args:
        page: HTML; its style says how large the paper is.

    Raises:
        OutputError: there is no browser, or it failed.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="reportgen-") as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, encoding="utf-8")
        flags = [*_FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            flags.append(
                "--no-sandbox"
            )  # Chromium refuses to run as root with its sandbox; the page runs no foreign code
        try:
            subprocess.run([browser, *flags, source.as_uri()], capture_output=True, timeout=_SECONDS, check=True)
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise OutputError(
                f"{Path(browser).name} could not print the page. Received: {type(error).__name__}. "
                "Open the page in a browser and print it there."
            ) from error
