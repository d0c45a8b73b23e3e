"""The fixtures' network on NVIDIA Triton, by pytriton. Arguments: the HTTP port; gRPC and metrics follow it."""

import sys

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig


def weights(rows, columns):
    return np.array(
        [[((7 * i + 3 * j) % 11 - 5) / 10 for j in range(columns)] for i in range(rows)], np.float32
    )


A, B = weights(4, 5), weights(5, 3)


@batch
def network(x):
    hidden = np.maximum(x @ A, 0)
    return {"logits": hidden @ B, "hidden": hidden}


port = int(sys.argv[1])
with Triton(config=TritonConfig(http_port=port, grpc_port=port + 1, metrics_port=port + 2)) as triton:
    triton.bind(
        model_name="network",
        infer_func=network,
        inputs=[Tensor(name="x", dtype=np.float32, shape=(4,))],
        outputs=[
            Tensor(name="logits", dtype=np.float32, shape=(3,)),
            Tensor(name="hidden", dtype=np.float32, shape=(5,)),
        ],
        config=ModelConfig(max_batch_size=64),
    )
    triton.serve()
