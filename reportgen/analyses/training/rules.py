"""What becomes a finding about a training: an optimiser that never stepped."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.training.results import TrainingResult
from reportgen.messages import say
from reportgen.results import Advice, Certainty, Finding, Need, Rule, Severity

NEVER_STEPPED = Rule(
    code="never-stepped",
    meaning=say("the optimiser that is saved with the model took no step since the model was compiled"),
    severity=Severity.NOTE,
    threshold=0,
    unit=say("steps"),
    source=say("Keras: an optimiser counts its steps from 0 when the model is compiled, and the file holds the count"),
    needs=(Need(("steps",), say("The file has no optimiser that counts its steps.")),),
    advice=Advice(
        title=say("The optimiser never stepped"),
        why=say("The weights are initial, loaded, older than the last compilation, or trained by another optimiser."),
        action=say(
            "Check that this is the file that training wrote; “Learned or not” tells whether the weights are initial."
        ),
        certainty=Certainty.FACT,
    ),
)
RULES = (NEVER_STEPPED,)


def never_stepped(result: TrainingResult, limit: float) -> Iterator[Finding]:
    """Yield a finding where the optimiser's own counter is known and at or below the limit.

    A model that was saved without its optimiser has no counter, and nothing is said of it.
    """
    if result.steps is None or result.steps > limit:
        return
    yield NEVER_STEPPED.finding(
        say("model"),
        say(
            "{optimizer} counts {steps} steps since the model was compiled (limit {limit:g}); that says nothing of weights "
            "trained before that",
            optimizer=result.optimizer or say("the optimiser"),
            steps=result.steps,
            limit=limit,
        ),
        evidence={"steps": result.steps},
        threshold=limit,
    )
