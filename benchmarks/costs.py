"""Measure what reports cost, and write the table of docs/performance.md: `python benchmarks/costs.py [--only WORD] [--write]`.

Every figure is a ratio of whole processes that run beside each other, so that it holds on other machines: CPU time (user plus
system) and peak resident memory of a report, against the *floor*: TensorFlow imported, the model loaded, one forward pass over
the same samples (`floor.py`). Nothing but `--runs` repeats a pair, of which the medians are stated. Close other programs first:
a busy machine moves a ratio by a tenth. Of a part alone, the rows of the others stay as they were measured last.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.demo import MODEL, SAMPLES

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- costs -->", "<!-- end of costs -->"
APPLICATIONS = ("ResNet50", "MobileNetV2", "EfficientNetB0", "DenseNet121", "VGG16", "ConvNeXtTiny")
HIGHEST = {"MobileNetV2": 2.0, "VGG16": 3.0, "ConvNeXtTiny": 3.0}
Row = tuple[str, str, str]


def measure(command: list[str]) -> tuple[float, float]:
    """Return CPU seconds and peak MiB of a command that must succeed."""
    silent = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"failed with status {status}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


@dataclass(frozen=True)
class Cost:
    """What processes took: medians of CPU seconds and of the peak in MiB."""

    seconds: float
    peak: float


@dataclass(frozen=True)
class Bench:
    """Where files are kept, how often a pair of processes runs, how many further reports are made, and which networks run."""

    folder: Path
    runs: int
    further: int = 100
    networks: Sequence[str] = APPLICATIONS

    def costs(self, *commands: list[str]) -> list[Cost]:
        """Run the commands in turn and return the median of each one's runs."""
        runs = [[measure(command) for command in commands] for _ in range(self.runs)]
        return [
            Cost(*(statistics.median(each) for each in zip(*column, strict=True))) for column in zip(*runs, strict=True)
        ]

    def report(self, model: Path, samples: Path | None, *options: str) -> list[str]:
        """Return the command of a report."""
        given = [] if samples is None else ["--samples", str(samples)]
        output = ["--output", str(self.folder / "report.html"), "--quiet"]
        return [sys.executable, "-m", "reportgen", "build", str(model), *given, *output, *options]

    def floor(self, model: Path, samples: Path, *batch: str) -> list[str]:
        """Return the command of the floor."""
        return [sys.executable, str(HERE / "floor.py"), str(model), str(samples), *batch]

    def files(
        self, name: str, make: Callable[[Any], Any], shape: tuple[int, ...], samples: int = 8
    ) -> tuple[Path, Path]:
        """Return a model of `make(keras)` and random samples of a shape, made once for each folder."""
        model, stored = self.folder / f"{name}.keras", self.folder / f"{name}-{samples}.npz"
        if not model.exists():
            import keras

            keras.utils.set_random_seed(0)
            make(keras).save(model)
        if not stored.exists():
            pixels = np.random.default_rng(0).integers(0, 256, (samples, *shape), dtype=np.uint8)
            np.savez(stored, x_test=pixels, y_test=np.arange(samples) % 10)
        return model, stored

    def size(self) -> float:
        """Return the megabytes of the page that was written last."""
        return (self.folder / "report.html").stat().st_size / 1e6


def of_first_version(command: list[str]) -> list[str]:
    """Return the command of a report, made with the sections of the first version alone, for which the aims were set."""
    return [command[0], str(HERE / "first_sections.py"), *command[3:]]


def against(report: Cost, floor: Cost) -> str:
    """Return a report's CPU time and peak as multiples of its floor's."""
    return f"{report.seconds / floor.seconds:.2f} × the floor's {floor.seconds:.1f} s, peak {report.peak / floor.peak:.2f} ×"


def chain(keras: Any, depth: int, channels: int, pixels: int) -> Any:
    """Return a chain of 3 x 3 convolutions that ends in ten classes."""
    layers = keras.layers
    body = [layers.Conv2D(channels, 3, padding="same", activation="relu") for _ in range(depth)]
    head = [layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((pixels, pixels, 3)), *body, *head])


def demo(bench: Bench) -> Iterator[Row]:
    """The demo, the notebook that it replaces, and what needs no model."""
    import_only = [sys.executable, "-m", "reportgen", "--help"]
    rules = [sys.executable, "-m", "reportgen", "rules"]
    notebook = [sys.executable, str(HERE / "notebook.py"), str(bench.folder)]
    page = [sys.executable, "-m", "reportgen", "demo", "--quiet", "--output", str(bench.folder / "report.html")]
    first = of_first_version(page)
    commands = [bench.floor(MODEL, SAMPLES), page, first, notebook, import_only, rules]
    floor, report, fewer, figures, text, listed = bench.costs(*commands)
    yield "the demo, all sections", against(report, floor), ""
    yield "the demo, the sections of the first version", against(fewer, floor), "1.4"
    yield "the notebook's seven figures, as a script", against(figures, floor), ""
    yield "`--help`", f"{text.seconds:.2f} s", "0.3 s"
    yield "`rules`", f"{listed.seconds:.2f} s", "0.3 s"
    weights, _ = bench.files("MobileNetV2", lambda keras: keras.applications.MobileNetV2(weights=None), (224, 224, 3))
    stored = bench.folder / "only.weights.h5"
    if not stored.exists():
        import keras

        keras.models.load_model(weights).save_weights(stored)
    (only,) = bench.costs(bench.report(stored, None))
    yield "a file of weights alone (MobileNetV2)", against(only, floor), "0.5"


def applications(bench: Bench) -> Iterator[Row]:
    """Networks of keras.applications with random weights, 8 samples of 224 pixels."""
    for name in bench.networks:
        files = bench.files(
            name, lambda keras, name=name: getattr(keras.applications, name)(weights=None), (224, 224, 3)
        )
        floor, standard, quick = bench.costs(
            bench.floor(*files), bench.report(*files), bench.report(*files, "--effort", "quick")
        )
        yield name, against(standard, floor), str(HIGHEST.get(name, 2.5))
        yield f"{name}, `--effort quick`", against(quick, floor), "1.7"
        if name == "ResNet50":
            floor, every = bench.costs(bench.floor(*files), bench.report(*files, "--layers", "*"))
            yield f"{name}, `--layers '*'`", f"{against(every, floor)}, page of {bench.size():.1f} MB", "3, 5 MB"


def growth(bench: Bench) -> Iterator[Row]:
    """Chains of convolutions: deeper, wider, larger."""
    costs: dict[int, list[Cost]] = {}
    for depth in (10, 30, 100, 300):
        files = bench.files(f"chain-{depth}", lambda keras, depth=depth: chain(keras, depth, 32, 32), (32, 32, 3))
        costs[depth] = bench.costs(bench.floor(*files), bench.report(*files))
        yield f"{depth} convolutions of 32 channels, 32 px", against(costs[depth][1], costs[depth][0]), ""
    less, more = costs[30][1], costs[300][1]
    each = f"{(more.seconds - less.seconds) / 270:.3f} s and {(more.peak - less.peak) / 270:.1f} MiB"
    yield "each further convolution, from 30 to 300", each, "0.08 s, 5 MB"
    for channels in (8, 64, 256, 1024):
        pixels = 16 if channels == 1024 else 32
        files = bench.files(
            f"wide-{channels}", lambda keras, c=channels, p=pixels: chain(keras, 4, c, p), (pixels, pixels, 3)
        )
        floor, report = bench.costs(bench.floor(*files), bench.report(*files))
        yield f"4 convolutions of {channels} channels, {pixels} px", against(report, floor), ""
    for pixels in (32, 128, 512):
        files = bench.files(f"large-{pixels}", lambda keras, p=pixels: chain(keras, 4, 16, p), (pixels, pixels, 3))
        floor, report = bench.costs(bench.floor(*files), bench.report(*files))
        yield f"4 convolutions of 16 channels, {pixels} px", against(report, floor), ""


def samples(bench: Bench) -> Iterator[Row]:
    """What a further evaluated sample of 28 x 28 costs, against `model.predict` in batches of 128."""

    def commands(count: int) -> list[list[str]]:
        files = MODEL, bench.files("any", lambda keras: chain(keras, 1, 1, 8), (28, 28), count)[1]
        report = bench.report(*files, "--max-evaluated", str(count), "--attribution", "none")
        return [bench.floor(*files, "128"), report, of_first_version(report)]

    few_floor, *few = bench.costs(*commands(100))
    for count in (1_000, 10_000, 50_000):
        floor, *reports = bench.costs(*commands(count))
        predict = floor.seconds - few_floor.seconds
        for name, report, less in zip(("", ", the sections of the first version"), reports, few, strict=True):
            ratio, peak = (report.seconds - less.seconds) / predict, report.peak - less.peak
            text = f"{ratio:.1f} × `model.predict`'s {predict:.2f} s, peak {peak:+.0f} MiB"
            aim = "1.5, 50 MB" if name else "50 MB"
            yield f"{count:,} samples instead of 100{name}", text, aim if count > 1_000 else ""


MANY = """
import os, sys, time
from reportgen import build_report
from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES
if {fewer}:
    sys.path.insert(0, {here!r})
    from first_sections import leave_out_later
    leave_out_later()
def rss(): return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
def one(): build_report(MODEL, SAMPLES, class_names=CLASS_NAMES).save({path!r})
one(); one()
begin, before = time.process_time(), rss()
for _ in range({count}): one()
print((time.process_time() - begin) / {count}, rss() - before)
"""


def many(bench: Bench) -> Iterator[Row]:
    """Further reports of the demo in one process."""
    what = f"each of {bench.further} further reports of the demo in one process"
    for fewer in (False, True):
        path = str(bench.folder / "report.html")
        program = MANY.format(path=path, count=bench.further, fewer=fewer, here=str(HERE))
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        seconds, grown = map(float, ran.stdout.split()[-2:])
        told = f"{seconds:.2f} s; {grown:+.0f} MiB in all"
        yield (f"{what}, the sections of the first version", told, "0.9 s") if fewer else (what, told, "50 MB")


@contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()


def scatter(bench: Bench) -> Iterator[Row]:
    """The CPU time of 'Learned or not' beside other processes, against an idle machine."""
    files = bench.files("ResNet50", lambda keras: keras.applications.ResNet50(weights=None), (224, 224, 3))
    command = [part for part in bench.report(*files, "--timings", "--attribution", "none") if part != "--quiet"]

    def seconds() -> float:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        found = re.search(r"([\d.]+) +[\d.]+ +Learned or not", listed)
        return float(found[1]) if found else float("nan")

    idle = statistics.median(seconds() for _ in range(bench.runs))
    with busy():
        loaded = statistics.median(seconds() for _ in range(bench.runs))
    yield (
        "'Learned or not' of ResNet50, every core busy",
        f"{loaded / idle:.2f} × the idle machine's {idle:.1f} s",
        "1.2",
    )


PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    part.__name__: part for part in (demo, applications, growth, samples, many, scatter)
}


def main() -> None:
    """Measure the parts asked for, print their rows as they come, and write the table."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package comes with its bytecode
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; may be repeated")
    parser.add_argument("--runs", type=int, default=1, help="pairs of processes for each figure")
    parser.add_argument("--further", type=int, default=100, help="further reports that one process makes")
    parser.add_argument("--network", choices=APPLICATIONS, action="append", help="of applications, this one alone")
    parser.add_argument("--folder", type=Path, help="keep models and samples here")
    parser.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
    given = parser.parse_args()
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder, networks = given.folder or Path(temporary), given.network or APPLICATIONS
        bench = Bench(folder, runs=given.runs, further=given.further, networks=networks)
        bench.folder.mkdir(parents=True, exist_ok=True)
        measure(bench.floor(MODEL, SAMPLES))  # the first run reads everything from the disk
        for name in given.only or PARTS:
            for row in PARTS[name](bench):
                rows.append(f"| {' | '.join(row)} |")
                print(rows[-1], flush=True)
                if given.write:
                    PAGE.write_text(with_rows(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")


def with_rows(page: str, rows: list[str]) -> str:
    """Return a page whose table has these rows in the place of those that say what of the same, or else at its end."""
    before, table, after = re.split(f"(?<={BEGIN}\\n)(.*)(?={END})", page, flags=re.DOTALL)
    known = {line.split(" | ")[0]: line for line in [*table.splitlines(), *rows]}
    return before + "\n".join([*known.values(), ""]) + after


if __name__ == "__main__":
    main()
