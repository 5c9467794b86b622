"""What pyproject.toml cannot say: the wheel's packages, all that are found and the templates beside them, and their Python."""

import runpy
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py


class BuildTemplates(build_py):
    """Builds the package, and compiles its templates to Python; for an editable install beside the templates themselves."""

    def run(self) -> None:
        """Copy what belongs to the package and write what is compiled."""
        super().run()
        # by its path: the package itself needs more than a build does
        compiler = runpy.run_path("reportgen/rendering/templates.py")
        built = Path() if self.editable_mode else Path(self.build_lib, "reportgen")
        compiler["write_compiled"](Path("templates"), built / "templates" / compiler["COMPILED"])


setup(
    cmdclass={"build_py": BuildTemplates},
    packages=[
        *find_packages(include=["reportgen", "reportgen.*"]),
        "reportgen.templates",
        "reportgen.templates.sections",
    ],
)
