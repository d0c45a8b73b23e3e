"""Writes fixtures/<type>.json: golden values and gradients of every method, by PyTorch in fp32 on the CPU.

    python generate.py            all methods of methods/*.py
    python generate.py kd dkd     some

Needs PyTorch 2 and numpy. The fixtures are committed; rerun after a change of a method's file.
"""
import importlib
import json
import pathlib
import sys
import zlib

import torch

from cases import METHODS

HERE = pathlib.Path(__file__).parent


def main(wanted):
    torch.set_num_threads(1)
    for file in sorted((HERE / "methods").glob("*.py")):
        importlib.import_module(f"methods.{file.stem}")
    unknown = [name for name in wanted if name not in METHODS]
    if unknown:
        sys.exit(f"Unknown method {unknown[0]}. Known: {', '.join(sorted(METHODS))}.")
    for method in wanted or sorted(METHODS):
        torch.manual_seed(zlib.crc32(method.encode()))
        content = {
            "method": method,
            "torch": torch.__version__.split("+")[0],
            "cases": list(METHODS[method]()),
        }
        text = json.dumps(content, separators=(",", ":"))
        (HERE / "fixtures" / f"{method}.json").write_text(text + "\n")
        print(f"{method}: {len(content['cases'])} cases, {len(text) / 1024:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
