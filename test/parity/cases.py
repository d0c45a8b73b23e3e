"""What the methods' files build their fixtures from: inputs, cases, and the registry of methods.

A method's file has one generator function per method:

    @fixture("kd")
    def kd():
        for batch, classes in LOGITS:
            yield case(f"{batch}x{classes}", loss, {"temperature": 4},
                       teacher=logits(batch, classes), student=logits(batch, classes))

`loss(**inputs, **options)` is plain PyTorch, written from the paper, on NCHW maps. Option names are
those of the TypeScript function. Gradients are taken to the inputs that `wrt` names.
"""
import numpy as np
import torch

LOGITS = [(1, 2), (2, 10), (7, 10), (1, 100), (7, 100), (7, 2)]
LOGITS_ABOVE_2 = [size for size in LOGITS if size[1] > 2]

METHODS = {}


def fixture(method):
    """Registers a generator of cases under the method's type."""
    def register(cases):
        assert method not in METHODS, f"{method} has two fixtures"
        METHODS[method] = cases
        return cases
    return register


def short(x):
    """Few digits, so that the fixture stays small."""
    return (x * 1000).round() / 1000


def logits(*shape, scale=3.0):
    return short(torch.randn(*shape) * scale)


def features(*shape):
    """A feature map [batch, channels, height, width], or vectors [batch, channels]."""
    return short(torch.randn(*shape))


def labels(batch, classes):
    return torch.randint(classes, (batch,))


def weights(*shape):
    """Weights of samples, the first of them 0."""
    w = short(torch.rand(*shape))
    w.view(-1)[0] = 0
    return w


def case(name, loss, options=None, wrt=("student",), **inputs):
    """Value and gradients of one call. Options that the loss does not take go to the fixture all the same."""
    options = options or {}
    given = {k: v.clone().requires_grad_() if k in wrt else v for k, v in inputs.items()}
    value = loss(**given, **options)
    grads = torch.autograd.grad(value, [given[k] for k in wrt])
    return {
        "name": name,
        "options": options,
        "inputs": {k: tensor(v, k) for k, v in inputs.items()},
        "value": number(value.item()),
        "grads": {k: tensor(g, k, digits=7) for k, g in zip(wrt, grads)},
    }


def tensor(x, name="", digits=9):
    """A tensor for the file: maps NCHW to NHWC; a `...kernel` OIHW to HWIO, OI to IO."""
    x = x.detach()
    if name.lower().endswith("kernel"):
        x = x.permute(2, 3, 1, 0) if x.dim() == 4 else x.T
    elif x.dim() == 4:
        x = x.permute(0, 2, 3, 1)
    data = x.reshape(-1).tolist()
    if not x.is_floating_point():
        return {"shape": list(x.shape), "data": data, "dtype": "int32"}
    return {"shape": list(x.shape), "data": [number(v, digits) for v in data]}


def number(value, digits=9):
    """The shortest number that is the same float32, or fewer digits where those will do."""
    value = float(str(np.float32(f"{value:.{digits}g}")))
    assert np.isfinite(value), "a fixture holds finite numbers"
    return int(value) if value == int(value) and abs(value) < 1e9 else value
