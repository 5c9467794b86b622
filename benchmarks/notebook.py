"""The notebook that a report replaces, as a script, on the demo: `python benchmarks/notebook.py FOLDER` writes seven figures."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from tensorflow import keras

from reportgen.demo import MODEL, SAMPLES

FOLDER = Path(sys.argv[1])


def save(name: str) -> None:
    """Write the current figure and close it."""
    plt.savefig(FOLDER / f"{name}.png")
    plt.close()


def draw_tiles(name: str, tiles: np.ndarray, rows: int, **scale: float) -> None:
    """Write a grid of pictures, each in axes of its own, (height, width, tiles)."""
    columns = tiles.shape[-1] // rows
    _, axes = plt.subplots(rows, columns, figsize=(columns, rows))
    for axis, tile in zip(axes.flat, np.moveaxis(tiles, -1, 0), strict=True):
        axis.imshow(tile, **scale)
        axis.axis("off")
    save(name)


def main() -> None:
    """Draw what the notebook draws: weights and kernels, trained and untrained, a sample and two layers' maps."""
    model = keras.models.load_model(MODEL)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    untrained = keras.layers.Conv2D(32, 3)
    untrained.build((None, 28, 28, 1))
    for name, layer in (("trained", convolutions[0]), ("untrained", untrained)):
        kernel = np.asarray(layer.kernel)
        plt.hist(kernel.ravel())
        save(f"histogram-{name}")
        draw_tiles(f"kernels-{name}", kernel[:, :, 0], 2, vmin=-0.5, vmax=0.5)
    sample = np.load(SAMPLES)["x_test"][0]
    plt.imshow(sample, cmap="gray_r")
    save("sample")
    for layer, rows in zip(convolutions[:2], (4, 8), strict=True):
        maps = keras.Model(model.inputs, layer.output).predict(sample.reshape(1, 28, 28, 1) / 255, verbose=0)
        draw_tiles(f"maps-{layer.name}", maps[0], rows)


if __name__ == "__main__":
    main()
