"""Measure the demo's report against its floor: `python benchmarks/demo.py [--runs 5]`.

Both are whole processes, run in turn, and compared pair by pair, so that a machine that grows slower in between does not
matter. CPU time is user plus system time of the process, memory its peak resident size. The README states the medians.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from reportgen.demo import MODEL, SAMPLES

HERE = Path(__file__).parent


def measure(command: list[str]) -> tuple[float, float]:
    """Return CPU seconds and peak MiB of a command that must succeed."""
    silent = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"failed with status {status}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Run floor and report in turn and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        floor = [sys.executable, str(HERE / "floor.py"), str(MODEL), str(SAMPLES)]
        report = [sys.executable, "-m", "reportgen", "demo", "--output", f"{folder}/report.html"]
        for command in (floor, report):
            measure(command)  # the first run reads everything from the disk
        pairs = [(measure(floor), measure(report)) for _ in range(runs)]
        size = Path(folder, "report.html").stat().st_size
    ratios = [report[0] / floor[0] for floor, report in pairs]
    extra = [report[1] - floor[1] for floor, report in pairs]
    print(f"floor            {statistics.median(floor[0] for floor, _ in pairs):6.2f} s of CPU time (median of {runs})")
    print(f"demo's report    {statistics.median(report[0] for _, report in pairs):6.2f} s of CPU time")
    print(f"ratio            {statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"peak memory      {statistics.median(extra):+6.0f} MiB against the floor")
    print(f"size of the page {size / 1000:6.0f} kB")


if __name__ == "__main__":
    main()
