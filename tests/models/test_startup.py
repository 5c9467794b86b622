"""What starting and ending a report changes in its process: threads of numpy's linear algebra, and what is left behind."""

import gc
import weakref
from typing import Any

import numpy as np  # noqa: F401 - loads the library whose threads are counted
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from reportgen.building.build import make_report
from reportgen.models import startup
from reportgen.models.startup import free_earlier, import_keras, one_blas_thread
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


class _Holding:
    """Holds itself, as the layers of a model hold one another."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.parametrize("frozen", [True, False])
def test_what_an_earlier_model_left_is_freed_where_looking_for_it_is_cheap(
    monkeypatch: pytest.MonkeyPatch, frozen: bool
) -> None:
    monkeypatch.setattr(startup, "_imported_frozen", frozen)
    gc.disable()
    try:
        left = weakref.ref(_Holding())
        free_earlier()
        assert (left() is None) is frozen
    finally:
        gc.enable()


def test_what_lives_when_keras_is_imported_already_is_not_kept_for_ever(demo_model: Any) -> None:
    before = gc.get_freeze_count()
    import_keras()
    make_report(demo_model, None, options=DEFAULTS)
    assert gc.get_freeze_count() == before
