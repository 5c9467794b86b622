"""Reports while a model is trained: a callback for `fit`. The one module that imports Keras when it is imported itself."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from reportgen.building.build import make_report
from reportgen.errors import UsageError
from reportgen.options import ReportOptions, from_given
from reportgen.untrusted.escaping import reason_of, shown

if TYPE_CHECKING:
    from reportgen.report import Report


class ReportCallback(keras.callbacks.Callback):  # type: ignore[misc] # Keras has no types
    """Writes a report after every so many epochs of `fit`, and after the last one. The training is as without it, bit for bit.

    A report that cannot be made is a warning; the training goes on.

    Args:
        samples, labels, class_names, config, options: as for `build_report`.
        every: epochs between reports, at least 1.
        path: where pages are written; `{epoch}`, from 1, and the names of losses and metrics are filled in, as of
            `ModelCheckpoint`: 'report-{epoch:03d}-{val_loss:.2f}.html'.
        json: whether the JSON is written beside each page, from which `reportgen index` makes an index with learning curves.

    Attributes:
        report: the last report; None before the first.

    Raises:
        TypeError, UsageError: see `build_report`; or `every` is no whole number above 0.

    Example:
        >>> callback = reportgen.ReportCallback(samples=(x_val, y_val), every=5)  # doctest: +SKIP
        >>> model.fit(x, y, validation_data=(x_val, y_val), epochs=20, callbacks=[callback])  # doctest: +SKIP
    """

    def __init__(
        self,
        samples: Any = None,
        *,
        every: int = 1,
        path: str | Path = "report-{epoch:03d}.html",
        labels: Any = None,
        class_names: Any = None,
        config: Any = None,
        json: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        if not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise UsageError(f"every must be a whole number of epochs above 0. Received: {every!r}.")
        self._options = from_given(ReportOptions, options)
        self._options.check()
        self._given = options.keys()
        self._inputs = {"labels": labels, "class_names": class_names, "config": config}
        self._samples, self._every, self._path, self._json = samples, every, str(path), json
        self._epochs: list[int] = []
        self._logs: list[dict[str, float]] = []
        self._reported = 0
        self.report: Report | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin the history anew."""
        del logs
        self._epochs, self._logs, self._reported = [], [], 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the epoch's losses and metrics, and write a report where it is time for one.

        Args:
            epoch: from 0, as Keras counts.
            logs: values by name.
        """
        self._epochs.append(epoch)
        self._logs.append({name: float(value) for name, value in (logs or {}).items()})
        if (epoch + 1) % self._every == 0:
            self._write()

    def on_train_end(self, logs: Any = None) -> None:
        """Write a report of the last epoch, where there is none yet."""
        del logs
        if self._epochs and self._reported != self._epochs[-1] + 1:
            self._write()

    def _write(self) -> None:
        epoch = self._reported = self._epochs[-1] + 1
        names = dict.fromkeys(name for logs in self._logs for name in logs)
        history = {name: [logs.get(name) for logs in self._logs] for name in names}
        with _same_draws():
            try:
                path = Path(self._path.format(epoch=epoch, **self._logs[-1]))
                self.report = make_report(
                    self.model,
                    self._samples,
                    **self._inputs,
                    history={"history": history, "epoch": self._epochs},
                    options=self._options,
                    given=self._given,
                )
                self.report.save(path, json_path=path.with_suffix(".json") if self._json else None)
            except Exception as error:  # noqa: BLE001 - hours of training must not end for a page
                said = f"{type(error).__name__}: {reason_of(error)}"
                warnings.warn(
                    f"reportgen: no report of epoch {epoch}. Received: {shown(said, limit=400)}", stacklevel=2
                )


@contextmanager
def _same_draws() -> Iterator[None]:
    """Put back what Python and numpy draw from afterwards: an analysis from elsewhere may draw without a seed of its own."""
    of_python, of_numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)
