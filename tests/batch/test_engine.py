"""Workers that die: what they were at is done again, once, and nothing else is lost."""

from concurrent.futures import Future

import batch_work
import pytest

from reportgen.batch.engine import Processes, Somebodys
from reportgen.batch.worker import Failure, Pages

NAMES = ["a", "dies-1", "b", "dies-9", "c", "d"]


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Return what became of tasks, two of which end their process, in two processes, and how often each was tried."""
    folder = tmp_path_factory.mktemp("work")
    workers = Processes(2, work=batch_work.work)
    found = {task.model.name: outcome for task, outcome in workers.run(batch_work.task(name, folder) for name in NAMES)}
    workers.close()
    return found, {name: len(list(folder.glob(f"{name}.try*"))) for name in NAMES}


def test_what_ran_beside_a_crash_is_done_all_the_same(ended):
    outcomes, _ = ended
    for name in ("a", "b", "c", "d", "dies-1"):
        assert isinstance(outcomes[name], Pages)
        assert outcomes[name].html == f"page of {name}"


def test_what_ends_its_process_twice_is_given_up_and_may_be_tried_another_time(ended):
    outcomes, tries = ended
    assert isinstance(outcomes["dies-9"], Failure)
    assert outcomes["dies-9"].again
    assert outcomes["dies-9"].error.startswith("the process that made this report ended twice")
    assert tries["dies-9"] == tries["dies-1"] == 2


def test_nothing_is_tried_more_than_twice(ended):
    _, tries = ended
    assert max(tries.values()) == 2
    assert tries["d"] <= 2


def test_processes_are_reused_and_replaced_after_so_many_tasks(tmp_path):
    workers = Processes(1, max_tasks=2, work=batch_work.work)
    pids = [outcome.json for _, outcome in workers.run(batch_work.task(name, tmp_path) for name in "abcd")]
    workers.close()
    assert pids[0] == pids[1] != pids[2] == pids[3]


class Lossy(batch_work.Inline):
    """Loses one task, as a cluster does whose workers ended, and takes none after it is shut down."""

    def submit(self, function, /, *arguments):
        name = arguments[0].model.name
        if name == "refused":
            raise RuntimeError("cannot schedule new futures after shutdown")
        if name == "lost":
            future = Future()
            future.set_exception(KeyError("worker tcp://10.0.0.7 died"))
            return future
        return super().submit(function, *arguments)


def test_what_an_executor_loses_costs_one_report(tmp_path):
    given = [batch_work.task(name, tmp_path) for name in ("a", "lost", "refused", "b")]
    found = {task.model.name: outcome for task, outcome in Somebodys(Lossy(), batch_work.work).run(given)}
    assert (found["a"].html, found["b"].html) == ("page of a", "page of b")
    assert found["lost"].error.startswith("the executor lost this report. Received: KeyError: ")
    assert found["refused"].again
