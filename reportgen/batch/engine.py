"""Runs tasks on an executor, so that neither a crash of native code nor a lost machine costs more than one model."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from typing import Any

from reportgen.batch.tasks import Task
from reportgen.batch.worker import Failure, Pages, begin_worker, make_pages
from reportgen.errors import ReportgenError
from reportgen.untrusted.escaping import reason_of

MAX_TASKS = 100
"""Reports after which worker processes are replaced: whatever a library keeps grows no further."""

Outcome = Pages | Failure
Work = Callable[[Task], Outcome]
_CRASHED = Failure(
    "the process that made this report ended twice, as by a crash of native code or for lack of memory. Run reportgen build "
    "on the model alone, which says where.",
    ReportgenError.exit_code,
    again=True,
)


class Somebodys:
    """Workers of an executor that somebody gave, whose business it is to try again what a lost worker did.

    Args:
        executor: any `concurrent.futures.Executor`; it stays open.
        work: what is done with a task; a function of a module.
    """

    def __init__(self, executor: Executor, work: Work = make_pages) -> None:
        self._executor, self._work = executor, work

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield each task with what became of it, as they end."""
        running: dict[Future[Outcome], Task] = {}
        for task in tasks:
            try:
                running[self._executor.submit(self._work, task)] = task
            except RuntimeError as error:  # broken, or shut down
                yield task, _lost(error)
        for future in as_completed([*running]):
            task = running.pop(future)
            yield task, _result(future)

    def close(self) -> None:
        """Leave the executor to whoever gave it."""


def _result(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever an executor raises costs one report
        return _lost(error)


def _lost(error: BaseException) -> Failure:
    return Failure(
        f"the executor lost this report. Received: {type(error).__name__}: {reason_of(error)}. Run the batch again.",
        ReportgenError.exit_code,
        again=True,
    )


class Processes:
    """Processes of this machine. After a crash, what was running is run again one at a time: so the one to blame is known.

    Each process imports TensorFlow once; it is started anew ('spawn'), as a copy of a process with threads may hang.

    Args:
        jobs: how many there are.
        max_tasks: how many reports each makes, about, before new ones take over.
        work: what is done with a task; a function of a module.
    """

    def __init__(self, jobs: int, max_tasks: int = MAX_TASKS, work: Work = make_pages) -> None:
        self._jobs, self._most, self._work = jobs, max_tasks * jobs, work
        self._pool: ProcessPoolExecutor | None = None
        self._begun = 0
        self._running: dict[Future[Outcome], Task] = {}
        self._others = frozenset(multiprocessing.active_children())

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield each task with what became of it, as they end; nothing that a task does ends the others."""
        waiting, suspects, running = iter(tasks), deque[Task](), self._running
        alone = False
        while True:
            if not running and suspects:
                alone, task = True, suspects.popleft()
                running[self._submit(task)] = task
            elif not suspects and not alone:
                while len(running) < self._jobs and self._has_room(running):
                    following = next(waiting, None)
                    if following is None:
                        break
                    running[self._submit(following)] = following
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            crashed = [running[one] for one in ended if isinstance(one.exception(), BrokenExecutor)]
            for future in [one for one in ended if not isinstance(one.exception(), BrokenExecutor)]:
                task = running.pop(future)
                yield task, _result(future)
            if crashed:
                self._end()
                if alone:
                    yield crashed[0], _CRASHED
                else:
                    suspects.extend(running.values())  # with one process all of a pool's futures break
                running.clear()
            alone = alone and bool(running)

    def _has_room(self, running: dict[Future[Outcome], Task]) -> bool:
        """Return whether the processes may make one more report; once they may not and are idle, new ones take over."""
        if self._begun < self._most:
            return True
        if not running:
            self._end()
        return not running

    def _submit(self, task: Task) -> Future[Outcome]:
        self._begun += 1
        with _interrupts_left_to_parent():
            if self._pool is not None:
                with contextlib.suppress(BrokenExecutor):  # a process that was killed while it was idle
                    return self._pool.submit(self._work, task)
                self._end()
                self._begun = 1
            threads = max(1, (os.cpu_count() or 1) // self._jobs)
            context: Any = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._jobs, context, begin_worker, (threads,))
            return self._pool.submit(self._work, task)

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=not self._running, cancel_futures=True)
            self._pool, self._begun = None, 0

    def close(self) -> None:
        """End all processes; what one of them is at is not waited for."""
        self._end()
        if self._running:
            for child in set(multiprocessing.active_children()) - self._others:
                child.terminate()


@contextlib.contextmanager
def _interrupts_left_to_parent() -> Iterator[None]:
    """Start processes that pass over Ctrl-C, which reaches all of a terminal's: their parent hears it, and ends them."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield  # only the main thread may set signals; None is a handler of a program around Python
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
