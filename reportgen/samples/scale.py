"""From stored values to the range that the model was trained on, as `--scale` says."""

from dataclasses import dataclass

import numpy as np

from reportgen.errors import UsageError
from reportgen.measures.arrangement import AS_IT_IS, Arrangement
from reportgen.messages import joined, say

SCALES = ("auto", "none", "unit", "symmetric")


@dataclass(frozen=True)
class Scaling:
    """What happens to every stored value: multiplied by `factor`, then `offset` added.

    Attributes:
        factor: without unit.
        offset: in units of the model's input.
        description: one sentence for the page.
        arrangement: from what the model takes to pictures.
    """

    factor: float
    offset: float
    description: str
    arrangement: Arrangement = AS_IT_IS

    def apply(self, images: np.ndarray) -> np.ndarray:
        """Return pictures as the model takes them, (n, *shape) float32: scaled, and their axes in its order."""
        return np.asarray(self.arrangement.undo(self.scaled(images)))

    def scaled(self, images: np.ndarray) -> np.ndarray:
        """Return images * factor + offset in the same shape as float32.

        Computed in float64 and rounded once: a byte divided by 255 is then the float32 nearest to it, as in x / 255.
        """
        if self.factor == 1 and self.offset == 0:
            return images.astype(np.float32)
        return (images.astype(np.float64) * self.factor + self.offset).astype(np.float32)


def choose_scaling(scale: str, *, dtype: np.dtype, rescaled_by: str | None, looked_up_by: str = "") -> Scaling:
    """Return the scaling for samples of `dtype`.

    Only unsigned bytes are scaled by 'auto': their range is known to be 0 to 255. Of 16-bit numbers it is not, because
    cameras and scanners store 10 or 12 bits in them.

    Args:
        scale: 'auto', 'none', 'unit' (divide by 255) or 'symmetric' (divide by 127.5, subtract 1).
        dtype: the samples' as stored.
        rescaled_by: name of the model's own layer that rescales its input, or None.
        looked_up_by: name of the embedding that looks its values up as tokens, which have no scale; '' for none.

    Raises:
        UsageError: `scale` is none of these.

    Example:
        >>> choose_scaling("auto", dtype=np.dtype("uint8"), rescaled_by=None).factor == 1 / 255
        True
    """
    if scale not in SCALES:
        raise UsageError(f"--scale must be one of {', '.join(SCALES)}. Received: {scale!r}.")
    if scale == "unit":
        return _scaling(1 / 255, 0.0, say("Values were divided by 255 (--scale unit)."), rescaled_by)
    if scale == "symmetric":
        said = say("Values were divided by 127.5, then 1 subtracted (--scale symmetric).")
        return _scaling(1 / 127.5, -1.0, said, rescaled_by)
    if scale == "none":
        return Scaling(1.0, 0.0, say("Values were left as stored, {dtype} (--scale none).", dtype=dtype.name))
    if looked_up_by:
        said = say("Values were left as stored: they are tokens for {layer}.", layer=looked_up_by)
        return Scaling(1.0, 0.0, said)
    if dtype != np.uint8:
        said = say("Values were left as stored, {dtype}: --scale auto changes unsigned bytes alone.", dtype=dtype.name)
        return Scaling(1.0, 0.0, said)
    if rescaled_by is not None:
        said = say(
            "Unsigned bytes were left as stored: the model's layer {layer} rescales (--scale auto).", layer=rescaled_by
        )
        return Scaling(1.0, 0.0, said)
    return Scaling(1 / 255, 0.0, say("Unsigned bytes were divided by 255 (--scale auto)."))


def _scaling(factor: float, offset: float, said: str, rescaled_by: str | None) -> Scaling:
    """Return a scaling that the model's own layer may follow."""
    if rescaled_by is None:
        return Scaling(factor, offset, said)
    also = say("The model's layer {layer} rescales them too.", layer=rescaled_by)
    return Scaling(factor, offset, joined((said, also), " "))
