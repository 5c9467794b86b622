"""What workers do in tests of the engine; a module by itself, so that their processes can import it."""

import os
import signal
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from reportgen.batch.tasks import BatchModel, Task
from reportgen.batch.worker import Failure, Pages


def task(name: str, folder: Path) -> Task:
    return Task(model=BatchModel(path=folder / name, name=name))


def work(given: Task) -> Pages | Failure:
    """Leave a mark for each try, and end the process by a signal as often as the name says, such as 'dies-2'."""
    name, path = given.model.name, given.model.path
    tries = len(list(path.parent.glob(f"{name}.try*")))
    (path.parent / f"{name}.try{tries}").touch()
    if name.startswith("dies-") and tries < int(name.rpartition("-")[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return Pages(f"page of {name}", str(os.getpid()), "")


class Inline(Executor):
    """Works at once, in the thread that asks."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def submit(self, function: Any, /, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.given.append(arguments[0].model.name)
        try:
            future.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001 - as executors do
            future.set_exception(error)
        return future
