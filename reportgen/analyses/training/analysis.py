"""How the model was compiled, how often its optimiser stepped, and its learning curves where a history was given."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.training.results import MetricCurve, TrainingResult
from reportgen.analyses.training.rules import NEVER_STEPPED, RULES, never_stepped
from reportgen.messages import say
from reportgen.results import Finding, Inconclusive, Limits, Lines
from reportgen.run import TrainingHistory

MOST_CURVES = 6
"""Figures that are drawn, losses first; the names of others are listed."""

VALIDATION = "val_"
_SMALLER_IS_BETTER = re.compile(r"(^|_)(loss|error|mse|mae|rmse|mape|msle|crossentropy|divergence|poisson|hinge)($|_)")
_RATES = ("lr", "learning_rate")


class Training:
    """What the file and a history tell of the training."""

    name = "training"
    title = say("Training")
    rules = RULES

    def run(self, context: AnalysisContext) -> TrainingResult | Skip:
        """Return the compile configuration and the learning curves; a skip where neither is known."""
        setup, history = context.training, context.history
        if setup is None and history is None:
            return Skip(say("The model holds no training configuration. Add --history FILE for its learning curves."))
        result = TrainingResult()
        if setup is not None:
            result = TrainingResult(
                optimizer=setup.optimizer,
                learning_rate=setup.learning_rate,
                schedule=setup.schedule,
                loss=setup.loss,
                metrics=setup.metrics,
                steps=setup.steps,
                compiled=True,
            )
        return result if history is None else _with_curves(result, history)

    def findings(self, result: TrainingResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Yield a finding for an optimiser that never stepped."""
        yield from never_stepped(result, limits[NEVER_STEPPED.code])


def _with_curves(result: TrainingResult, history: TrainingHistory) -> TrainingResult:
    names = sorted(
        {name.removeprefix(VALIDATION) for name in history.metrics},
        key=lambda name: (name in _RATES, name != "loss", not name.endswith("loss"), name),
    )
    curves = [_curve(name, history) for name in names[:MOST_CURVES]]
    return replace(
        result,
        epochs=len(history.epochs),
        last_epoch=history.epochs[-1],
        curves=tuple(curves),
        further=tuple(names[MOST_CURVES:]),
    )


def _curve(name: str, history: TrainingHistory) -> MetricCurve:
    trained, held_out = history.metrics.get(name), history.metrics.get(VALIDATION + name)
    judged = np.array(held_out if held_out is not None else trained, np.float64)
    # what is not finite is never the best; a series without any finite value was left out when it was read
    finite = np.where(np.isfinite(judged), judged, np.nan)
    known = not np.isnan(finite).all()
    pick = np.nanargmin if _SMALLER_IS_BETTER.search(name) else np.nanargmax
    best = int(pick(finite)) if known else len(judged) - 1
    lines: dict[str, Sequence[float] | None] = {say("training"): trained, say("validation"): held_out}
    drawn = {key: np.array(values, np.float64) for key, values in lines.items() if values is not None}
    return MetricCurve(
        name=name,
        curve=Lines(np.array(history.epochs, np.float64), drawn, say("epoch"), name, float(history.epochs[best])),
        last=_last(trained),
        validation_last=_last(held_out),
        best_epoch=history.epochs[best],
        best=float(judged[best]),
        on_validation=held_out is not None,
    )


def _last(values: Sequence[float] | None) -> float | None:
    return None if values is None or math.isnan(values[-1]) else values[-1]
