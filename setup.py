"""The packages of the wheel: all that are found, so that a new one needs no line, and the templates, which lie beside them."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["reportgen", "reportgen.*"]),
        "reportgen.templates",
        "reportgen.templates.sections",
    ]
)
