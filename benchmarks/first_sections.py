"""Reports without what came after the first version: six sections, and the untrained networks of 'From pixels to concepts'.

`first_sections.py ARGUMENTS` runs `reportgen ARGUMENTS` so. `costs.py` measures it, as some aims are asked of these sections.
"""

from reportgen.analyses.concepts import separation
from reportgen.building import build
from reportgen.cli import main

LATER = ("confidence", "data_quality", "robustness", "sample_map", "shortcuts", "slices")


def leave_out_later() -> None:
    """Leave out of every report of this process what came later."""
    kept = tuple(one for one in build.ANALYSES if one.name not in LATER)
    assert len(kept) == len(build.ANALYSES) - len(LATER)
    build.ANALYSES = kept
    separation.untrained_depths = lambda *_: {}


if __name__ == "__main__":
    leave_out_later()
    main()
