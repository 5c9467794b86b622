"""Whether one place of the picture, the same in all samples, carries the answer."""

from reportgen.analyses.shortcuts.analysis import Shortcuts
