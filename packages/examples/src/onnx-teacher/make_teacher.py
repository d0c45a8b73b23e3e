"""Trains a PyTorch network on MNIST and exports it as ONNX: the teacher of `npm run example:onnx-teacher`.

pip install -r packages/examples/src/onnx-teacher/requirements.txt
python packages/examples/src/onnx-teacher/make_teacher.py models/teacher.onnx
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "example"))

import torch  # noqa: E402
from mnist import INSTALLED, read_mnist  # noqa: E402
from torch import nn  # noqa: E402

MEAN, STD = 0.1307, 0.3081  # as torchvision's examples normalize MNIST; main.ts declares the same


def network() -> nn.Module:
    """Channels first, normalized input, logits."""

    def block(channels: int, filters: int) -> list[nn.Module]:
        return [nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]

    return nn.Sequential(
        *block(1, 32),
        nn.MaxPool2d(2),
        *block(32, 64),
        nn.MaxPool2d(2),
        *block(64, 128),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )


def tensors(split):
    """Images of `[n, 28, 28, 1]`, 0 to 1, as the network takes them; labels."""
    images, labels = split
    return (torch.from_numpy(images).permute(0, 3, 1, 2) - MEAN) / STD, torch.from_numpy(labels)


def train(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    model.train()
    for epoch in range(1, epochs + 1):
        total = 0.0
        for rows in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        print(f"epoch {epoch}: loss {total / len(images):.4f}", flush=True)


@torch.no_grad()
def share_right(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    model.eval()
    right = [(model(x).argmax(1) == y).sum() for x, y in zip(images.split(500), labels.split(500))]
    return sum(right).item() / len(images)


def export(model: nn.Module, file: Path) -> None:
    """Batch size free, weights in the same file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        model.eval(),
        (torch.zeros(2, 1, 28, 28),),
        str(file),
        input_names=["images"],
        output_names=["logits"],
        dynamic_shapes=({0: "batch"},),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path, help="where the model goes: FILE.onnx")
    parser.add_argument("--data", type=Path, default=INSTALLED, help="folder of MNIST's four idx files")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    training, test = map(tensors, read_mnist(options.data, options.images))
    model = network()
    train(model, *training, options.epochs)
    accuracy = share_right(model, *test)
    export(model, options.file)
    parameters = sum(weights.numel() for weights in model.parameters())
    print(f"{parameters:,} parameters, {100 * accuracy:.2f} % of the test images: {options.file}")


if __name__ == "__main__":
    main()
