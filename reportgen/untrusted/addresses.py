"""Addresses of the net, which are never opened: how to download what is there."""

from __future__ import annotations

import re
from pathlib import Path

from reportgen.untrusted.escaping import shown

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/+(?P<rest>.+)", re.DOTALL)
_DOWNLOADS = (
    (("hf",), "hf download {repository} {file}--local-dir ."),
    (("http", "https", "ftp"), "curl -L -O {address}"),
    (("gs", "gcs"), "gcloud storage cp -r {address} ."),
    (("s3", "s3a", "s3n"), "aws s3 cp {address} ."),
)


def how_to_download(given: str) -> str:
    """Return what was received and what to do, where it is an address of the net and no file's name; '' for all else.

    Example:
        >>> how_to_download("s3://b/m.h5")
        "Received: s3://b/m.h5. Download it first, such as by 'aws s3 cp s3://b/m.h5 .', and give the file."
    """
    match = _ADDRESS.fullmatch(given)
    if match is None or _exists(given):
        return ""
    scheme, rest = match["scheme"].lower(), match["rest"]
    address = f"{scheme}://{rest}"  # of a path, which has one slash of two
    owner, _, inside = rest.partition("/")
    repository, _, file = inside.partition("/")
    fields = {"address": address, "repository": f"{owner}/{repository}", "file": f"{file} " if file else ""}
    command = next((command.format(**fields) for schemes, command in _DOWNLOADS if scheme in schemes), "")
    example = f", such as by '{shown(command, limit=300)}'" if command else ""
    return f"Received: {shown(address)}. Download it first{example}, and give the file."


def _exists(given: str) -> bool:
    try:
        return Path(given).exists()
    except (OSError, ValueError):
        return False
