"""Measure a batch of demo-sized models, and kill one again and again: `python benchmarks/batch.py [--models 100] [--kills 100]`.

Three figures of the first part are stated in docs/performance.md: CPU time of a model against a run of its own, memory of
a worker from its 10th report to its last, and pages that differ from those of single builds, which must be none.
In the second part a batch is killed (SIGKILL, with its workers) at random moments and begun again, until it was killed so often:
what was done before a kill must not be done again, and in the end nothing may be missing or half. Its models are weights alone,
whose reports take a tenth of a second, so that kills fall into the writing of pages, records and the index; with `--whole` they
are the demo's.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from reportgen.batch import Built, build_reports
from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES

os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")
GIVEN = ["--samples", str(SAMPLES), "--class-names", str(CLASS_NAMES)]
COMPARED = 3
"""Models whose pages are made by single builds too."""


def make_models(folder: Path, count: int) -> None:
    """Write the demo's model so many times, each with another name and so with other bytes."""
    folder.mkdir()
    with zipfile.ZipFile(MODEL) as demo:
        parts = {name: demo.read(name) for name in demo.namelist()}
    for number in range(count):
        with zipfile.ZipFile(folder / f"epoch-{number:03d}.keras", "w") as archive:
            for name, content in parts.items():
                renamed = content.replace(b"fashion_mnist_cnn", f"fashion_mnist_{number:03d}".encode())
                archive.writestr(zipfile.ZipInfo(name), renamed if name == "config.json" else content)


def make_stored(folder: Path, count: int) -> None:
    """Write the demo's weights so many times, each with other bytes."""
    folder.mkdir()
    with zipfile.ZipFile(MODEL) as demo:
        weights = demo.read("model.weights.h5")
    for number in range(count):
        (folder / f"epoch-{number:03d}.weights.h5").write_bytes(weights + f"{number:03d}".encode())


def memory_of_workers() -> dict[int, float]:
    """Return the resident MiB of each process that this one started, by its number."""
    found = {}
    for child in multiprocessing.active_children():
        status = Path(f"/proc/{child.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        found[child.pid or 0] = int(lines.get("VmRSS", "0 kB").split()[0]) / 1024
    return found


def children_seconds() -> float:
    """Return the CPU seconds of all ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(count: int) -> None:
    """Print what a batch of so many models costs, and what differs from single builds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_models(folder / "models", count)
        before, singles = children_seconds(), {}
        for model in sorted((folder / "models").iterdir())[:COMPARED]:
            page = folder / f"{model.stem}.html"
            command = [sys.executable, "-m", "reportgen", "build", str(model), *GIVEN, "-q", "-o", str(page)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            singles[model.stem] = page.read_bytes()
        single = (children_seconds() - before) / COMPARED
        memory: dict[int, list[float]] = {}

        def told(built: Built) -> None:
            assert built.page is not None, built.error
            for worker, size in memory_of_workers().items():
                memory.setdefault(worker, []).append(size)

        own, before = time.process_time(), children_seconds()
        out = folder / "reports"
        build_reports(
            folder / "models", str(SAMPLES), class_names=CLASS_NAMES, output=out, jobs=2, on_built=told, max_tasks=10**6
        )
        cost = (children_seconds() - before + time.process_time() - own) / count
        differ = [stem for stem, page in singles.items() if (out / f"{stem}.html").read_bytes() != page]
        print(
            f"{count} models, 2 processes: {cost:.2f} CPU s a model; a run of its own: {single:.2f}; ratio {cost / single:.2f}"
        )
        for sizes in memory.values():
            tenth = sizes[min(20, len(sizes) // 2)]
            print(
                f"memory of a worker: {tenth:.0f} MiB after its 10th report or so, {sizes[-1]:.0f} MiB after its last"
            )
        print(f"pages that differ from single builds: {differ or 'none'} of {len(singles)}")


def kill_often(kills: int, seed: int, *, whole: bool) -> None:
    """Kill batches so often and print what was done twice, and what was lost."""
    count, make, longest, given = (12, make_models, 25, GIVEN) if whole else (60, make_stored, 6, [])
    draw, twice, lost, killed = random.Random(seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "models", count)
        rounds = 0
        while killed < kills:
            out, done = folder / f"reports-{rounds}", {}
            rounds += 1
            command = [sys.executable, "-m", "reportgen", "batch", str(folder / "models"), *given, "-q", "-j", "2"]
            while True:
                process = subprocess.Popen(
                    [*command, "-o", str(out), "--attribution", "none", "--redraws", "5"],
                    start_new_session=True,
                    stdout=subprocess.DEVNULL,
                )
                try:
                    process.wait(draw.uniform(1, longest) if killed < kills else None)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    killed += 1
                finished = finished_in(out)
                twice += sum(finished.get(stem) != state for stem, state in done.items())
                if process.returncode == 0:
                    break
                done = finished
            lost += count - len(finished) + len(list(out.rglob("*.part")))
            print(f"killed {killed} times: {twice} reports made twice, {lost} lost or half", flush=True)
    sys.exit(bool(twice or lost))


def finished_in(out: Path) -> dict[str, tuple[int, ...]]:
    """Return the time at which each recorded report was written; the record's digests must be those of its files."""
    found = {}
    for record in (out / ".reportgen").glob("*.json"):
        files = json.loads(record.read_text())["files"]
        for file, digest in files.items():
            assert hashlib.sha256((out / file).read_bytes()).hexdigest() == digest, file
        found[record.stem] = tuple((out / file).stat().st_mtime_ns for file in sorted(files))
    return found


def main() -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args()
    if given.models:
        measure(given.models)
    if given.kills:
        kill_often(given.kills, given.seed, whole=given.whole)


if __name__ == "__main__":
    main()
