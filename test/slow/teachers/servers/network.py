"""The fixtures' network as an MLServer runtime."""

import os

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


def weights(rows, columns):
    return np.array(
        [[((7 * i + 3 * j) % 11 - 5) / 10 for j in range(columns)] for i in range(rows)], np.float32
    )


A, B = weights(4, 5), weights(5, 3)


class Network(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        x = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32)
        hidden = np.maximum(x @ A, 0)
        outputs = {"logits": hidden @ B, "hidden": hidden}
        asked = [output.name for output in payload.outputs or []] or list(outputs)
        return InferenceResponse(
            model_name=self.name,
            outputs=[NumpyCodec.encode_output(name, outputs[name]) for name in asked],
        )
