"""Keras's and PyTorch's distillation step, timed on demand for `npm run bench -- step`.

Says on its first line which of the two this interpreter has; then for each line of JSON on standard
input, {"pair", "teacher", "epochs", "batches"}, answers with the milliseconds of one step. The networks, losses and
batches are those of the two projects' own examples, with the data in memory."""
import importlib.util
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
THREADS = len(os.sched_getaffinity(0))
BATCHES = 64  # of data, an epoch takes some or all of them


def keras_runner():
    import keras
    import numpy as np
    from keras import layers

    batch, count, alpha, temperature = 32, 32 * BATCHES, 0.1, 10.0

    def network(first, second):
        return keras.Sequential([
            keras.Input((28, 28, 1)),
            layers.Conv2D(first, 3, strides=2, padding="same"), layers.LeakyReLU(negative_slope=0.2),
            layers.MaxPooling2D(2, strides=1, padding="same"),
            layers.Conv2D(second, 3, strides=2, padding="same"), layers.Flatten(), layers.Dense(10)])

    def stored_loss(packed, logits):
        hard = keras.losses.sparse_categorical_crossentropy(packed[:, 0], logits, from_logits=True)
        kl = keras.losses.kl_divergence(keras.ops.softmax(packed[:, 1:] / temperature),
                                        keras.ops.softmax(logits / temperature))
        return alpha * hard + (1 - alpha) * temperature**2 * kl

    rng = np.random.default_rng(1)
    x = rng.standard_normal((count, 28, 28, 1)).astype("float32")
    y = rng.integers(0, 10, count).astype("int32")
    packed = np.concatenate([y[:, None], rng.standard_normal((len(y), 10)) * 4], axis=1).astype("float32")
    stored = network(16, 32)
    stored.compile(optimizer=keras.optimizers.Adam(), loss=stored_loss)
    live = keras.distillation.Distiller(
        teacher=network(256, 512), student=network(16, 32), student_loss_weight=alpha,
        distillation_losses=keras.distillation.LogitsDistillation(temperature, keras.losses.KLDivergence()))
    live.compile(optimizer=keras.optimizers.Adam(),
                 loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    options = dict(batch_size=batch, verbose=0)

    def run(teacher, epochs, batches):
        rows = slice(batches * batch)
        if teacher == "stored":
            stored.fit(x[rows], packed[rows], epochs=epochs, **options)
        else:
            live.fit(x[rows], y[rows], epochs=epochs, **options)
    return run


def torch_runner():
    import torch
    import torch.nn.functional as F
    from torch import nn

    torch.set_num_threads(THREADS)
    batch, rate, temperature, side, hard = 128, 1e-3, 2.0, 0.25, 0.75

    def conv(i, o):
        return [nn.Conv2d(i, o, 3, padding=1), nn.ReLU()]

    def net(features, width, hidden):
        return nn.Sequential(*features, nn.Flatten(), nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(0.1),
                             nn.Linear(hidden, 10))

    def light():
        return net([*conv(3, 16), nn.MaxPool2d(2), *conv(16, 16), nn.MaxPool2d(2)], 1024, 256).train()

    deep = net([*conv(3, 128), *conv(128, 64), nn.MaxPool2d(2), *conv(64, 64), *conv(64, 32), nn.MaxPool2d(2)],
               2048, 512).eval()
    students = {name: light() for name in ("stored", "live")}
    optimizers = {name: torch.optim.Adam(s.parameters(), lr=rate) for name, s in students.items()}
    x = torch.randn(batch * BATCHES, 3, 32, 32)
    y = torch.randint(0, 10, (len(x),))
    logits = torch.randn(len(x), 10) * 4

    def run(teacher, epochs, batches):
        for s in range(epochs * batches):
            rows = slice(s % batches * batch, (s % batches + 1) * batch)
            xb, yb = x[rows], y[rows]
            with torch.no_grad():
                soft = logits[rows] if teacher == "stored" else deep(xb)
            optimizers[teacher].zero_grad()
            out = students[teacher](xb)
            kd = F.kl_div(F.log_softmax(out / temperature, -1), F.softmax(soft / temperature, -1),
                          reduction="batchmean") * temperature**2
            loss = hard * F.cross_entropy(out, yb) + side * kd
            loss.backward()
            optimizers[teacher].step()
    return run


KINDS = {"keras": keras_runner, "torch": torch_runner}
runners = {name: make() for name, make in KINDS.items() if importlib.util.find_spec(name)}
print(json.dumps({"has": list(runners)}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    start = time.perf_counter()
    runners[task["pair"]](task["teacher"], task["epochs"], task["batches"])
    print(1000 * (time.perf_counter() - start) / (task["epochs"] * task["batches"]), flush=True)
