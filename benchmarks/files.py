"""Measure what reading costs against its floor: `python benchmarks/files.py [--runs 5]`.

The inventory of a model of 100 MB is a whole process, compared with one that imports the same libraries and reads nothing. A file
made to be slow is compared with reading a model of one layer. CPU time is user plus system time.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from costs import HERE, measure

sys.path.insert(0, str(HERE.parent / "tests" / "reading" / "nasty"))

IMPORTS = (
    "from reportgen.reading.containers.recognition import recognise; "
    "from reportgen.reading.loading import decision, inventory"
)
INVENTORY = f"{IMPORTS}; import sys; decision.decide(inventory.take_inventory(recognise(sys.argv[1])))"


def save_large(path: Path) -> None:
    """Save a model of 100 MB, whose weights are what its file consists of."""
    import keras

    model = keras.Sequential([keras.Input((5000,)), keras.layers.Dense(5000, use_bias=False)])
    model.set_weights([np.random.default_rng(0).normal(size=(5000, 5000)).astype(np.float32)])
    model.save(path)


def seconds_to_read(path: Path) -> float:
    """Return the CPU seconds that reading takes, whether the file is refused or run."""
    from reportgen.errors import ModelError
    from reportgen.reading.loading.load import read_model

    begin = time.process_time()
    with contextlib.suppress(ModelError):
        read_model(path)
    return time.process_time() - begin


def main() -> None:
    """Run floor and reading in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    import hostile

    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder, "large.keras")
        save_large(large)
        commands = [sys.executable, "-c", IMPORTS], [sys.executable, "-c", INVENTORY, str(large)]
        pairs = [[measure(command)[0] for command in commands] for _ in range(runs)]
        ratios = [reading / floor for floor, reading in pairs]
        print(f"inventory of 100 MB   {statistics.median(ratios):6.2f} times the imports (worst {max(ratios):.2f})")
        plain = hostile.archive(Path(folder, "plain.keras"))
        seconds_to_read(plain)  # the first import of Keras
        floor = statistics.median(seconds_to_read(plain) for _ in range(runs))
        Path(folder, "long_sequential").mkdir()
        files = [*hostile.write_all(Path(folder)), hostile.long_sequential(Path(folder, "long_sequential"))]
        ratios_by_name = {path.parent.name: seconds_to_read(path) / floor for path in files}
        for name in sorted(ratios_by_name, key=ratios_by_name.__getitem__, reverse=True)[:3]:
            print(f"{name[:21]:21} {ratios_by_name[name]:6.1f} times a model of one layer")


if __name__ == "__main__":
    main()
