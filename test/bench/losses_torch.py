"""Times the losses of test/parity/methods, forward and backward, one request a line on standard input.

    {"type": "kd", "inputs": {"teacher": {"shape": [64, 10]}, ...}, "wrt": ["student"], "seconds": 0.2}

Answers each with {"ms": least}, or {"ms": null} for a method it does not have.
"""
import importlib
import inspect
import json
import os
import pathlib
import sys
import time

import torch

PARITY = pathlib.Path(__file__).resolve().parents[1] / "parity"
sys.path.insert(0, str(PARITY))
sys.dont_write_bytecode = True
import cases  # noqa: E402

cases.case = lambda name, loss, *args, **inputs: loss  # a method's first case says which function it is
for file in sorted((PARITY / "methods").glob("*.py")):
    importlib.import_module(f"methods.{file.stem}")


def tensor(name, spec):
    if "classes" in spec:
        return torch.randint(spec["classes"], spec["shape"])
    x = torch.randn(spec["shape"])
    if name.endswith("Kernel"):
        return x.permute(3, 2, 0, 1).contiguous()
    return x.permute(0, 3, 1, 2).contiguous() if x.dim() == 4 else x


def least_ms(type, inputs, wrt, seconds, options=None):
    if type not in cases.METHODS:
        return None
    loss = next(iter(cases.METHODS[type]()))
    wanted = inspect.signature(loss).parameters
    given = {k: tensor(k, spec) for k, spec in inputs.items() if k in wanted}
    for name in wrt:
        given[name].requires_grad_()

    def once():
        start = time.perf_counter()
        torch.autograd.grad(loss(**given, **(options or {})), [given[name] for name in wrt])
        return time.perf_counter() - start

    def least(threads):
        torch.set_num_threads(threads)
        for _ in range(3):
            once()
        times, until = [], time.perf_counter() + seconds
        while len(times) < 5 or time.perf_counter() < until:
            times.append(once())
        return 1000 * min(times)

    # where other work holds a core, several threads wait for each other: the better of both counts
    return min(least(1), least(os.cpu_count()))


torch.manual_seed(0)
print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps({"ms": least_ms(**json.loads(line))}), flush=True)
