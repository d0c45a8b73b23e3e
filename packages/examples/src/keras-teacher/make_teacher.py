"""Trains a Keras network on MNIST and exports it as a SavedModel: the teacher of `npm run example:keras-teacher`.

pip install -r packages/examples/src/keras-teacher/requirements.txt
python packages/examples/src/keras-teacher/make_teacher.py models/keras-teacher
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parents[1] / "example"))

import keras  # noqa: E402
from keras import layers  # noqa: E402
from mnist import INSTALLED, read_mnist  # noqa: E402


def network() -> keras.Model:
    """94,250 parameters. It ends in a softmax, as most of Keras's do."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 3, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the SavedModel goes")
    parser.add_argument("--data", type=Path, default=INSTALLED, help="folder of MNIST's four idx files")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    train, test = read_mnist(options.data, options.images)
    model = network()
    model.compile(
        optimizer=keras.optimizers.Adam(2e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(*train, batch_size=64, epochs=options.epochs, verbose=2)
    _, accuracy = model.evaluate(*test, batch_size=500, verbose=0)
    model.export(options.folder, verbose=False)
    print(f"{model.count_params():,} parameters, {100 * accuracy:.2f} % of the test images: {options.folder}")


if __name__ == "__main__":
    main()
