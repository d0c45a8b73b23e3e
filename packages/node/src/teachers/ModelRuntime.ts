/** An input or output of a model, as its runtime tells it. */
export interface ModelPort {
  readonly name: string;
  /** As the Open Inference Protocol names them: `FP32`, `UINT8`, `INT64` … */
  readonly datatype: string;
  /** Batch first; `null` or absent where it is free or not told. */
  readonly shape?: readonly (number | null)[] | undefined;
}

/** A tensor on its way into or out of a model: plain numbers, row-major. */
export interface PortValues {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Something outside of TensorFlow.js that runs a model: ONNX Runtime, a model server. */
export interface ModelRuntime {
  /** For messages: `Model server http://localhost:8000, model "resnet"`. */
  readonly description: string;
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  /** Whether it bounds by itself how much is under way, over all who ask. Default false. */
  readonly bounded?: boolean;
  /** Answers for samples in the order of the inputs, named outputs only. May throw anything. */
  run(inputs: readonly PortValues[], outputs: readonly string[]): Promise<readonly PortValues[]>;
  dispose?(): void;
}
