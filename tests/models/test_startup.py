"""Threads of numpy's linear algebra while a report is made."""

from typing import Any

import numpy as np  # noqa: F401 - loads the library whose threads are counted
from threadpoolctl import threadpool_info, threadpool_limits

from reportgen.build import make_report
from reportgen.models.startup import one_blas_thread
from reportgen.options import DEFAULTS


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_linear_algebra_has_one_thread_and_then_the_former_number_again() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        with one_blas_thread():
            assert blas_threads() == {1}
        assert blas_threads() == {2}


def test_every_stage_of_a_report_has_one_thread(demo_model: Any) -> None:
    seen: dict[str, set[int]] = {}
    with threadpool_limits(limits=2, user_api="blas"):
        make_report(demo_model, None, options=DEFAULTS, on_stage=lambda stage: seen.update({stage: blas_threads()}))
        assert blas_threads() == {2}
    assert "Learned or not" in seen
    assert set(map(tuple, seen.values())) == {(1,)}
