"""Loads networks that `npm run example:cifar10-tutorial -- --save FOLDER` trained into the tutorial's PyTorch classes.

pip install numpy torch
python packages/examples/src/cifar10-tutorial/weights/to_pytorch.py FOLDER/*

Compares the logits of the images that were saved with each network, exits with 1 where they differ by more than 1e-4,
and writes `model.pt`, the state_dict, beside the network.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

TOLERANCE = 1e-4


class DeepNN(nn.Module):
    """The tutorial's teacher."""

    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 128, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(128, 64, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
            nn.Conv2d(64, 64, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(2048, 512),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(512, num_classes),
        )

    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)


class LightNN(nn.Module):
    """The tutorial's student."""

    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
            nn.Conv2d(16, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(1024, 256),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(256, num_classes),
        )

    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)


NETWORKS = {"DeepNN": DeepNN, "LightNN": LightNN}
POOLED = 8  # side of the feature map that is flattened


def read_network(folder: Path):
    """The name of a LayersModel on disk and its weights by name, as TensorFlow.js orders them."""
    model = json.loads((folder / "model.json").read_text())
    name = model["modelTopology"]["config"]["name"]
    weights = {}
    for group in model["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        offset = 0
        for spec in group["weights"]:
            assert spec["dtype"] == "float32" and "quantization" not in spec, f"{spec['name']} is not plain float32"
            size = int(np.prod(spec["shape"]))
            values = np.frombuffer(data, "<f4", size, offset).reshape(spec["shape"])
            weights[spec["name"]] = torch.from_numpy(values.copy())
            offset += 4 * size
    return name, weights


def for_torch(name: str, weight: torch.Tensor) -> torch.Tensor:
    """A weight in PyTorch's order of axes."""
    if weight.dim() == 4:  # height, width, in, out
        return weight.permute(3, 2, 0, 1)
    if weight.dim() == 1:
        return weight
    if name.startswith("hidden/"):  # its rows are a flattened map: channels last there, first here
        units = weight.shape[1]
        return weight.reshape(POOLED, POOLED, -1, units).permute(3, 2, 0, 1).reshape(units, -1)
    return weight.T


def load(folder: Path) -> nn.Module:
    """The tutorial's network with the weights of a folder. Both have their layers in the same order, kernel and bias."""
    name, weights = read_network(folder)
    network = NETWORKS[name]()
    converted = [for_torch(key, weight).contiguous() for key, weight in weights.items()]
    network.load_state_dict(dict(zip(network.state_dict(), converted, strict=True)))
    return network.eval()


def read_example(folder: Path):
    """Images, channels first, and the logits that TensorFlow.js gave."""
    values = np.fromfile(folder / "example.bin", "<f4")
    pixels, classes = 32 * 32 * 3, 10
    count = len(values) // (pixels + classes)
    images = values[: count * pixels].reshape(count, 32, 32, 3)
    logits = values[count * pixels :].reshape(count, classes)
    return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(logits)


@torch.no_grad()
def compare(folder: Path) -> bool:
    network = load(folder)
    images, wanted = read_example(folder)
    furthest = (network(images) - wanted).abs().max().item()
    torch.save(network.state_dict(), folder / "model.pt")
    parameters = sum(weight.numel() for weight in network.parameters())
    name = type(network).__name__
    print(f"{folder}: {name}, {parameters:,} parameters, {len(images)} images, logits differ by {furthest:.2e} at most")
    return furthest <= TOLERANCE


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    same = [compare(folder) for folder in parser.parse_args().folders]
    sys.exit(0 if all(same) else 1)
