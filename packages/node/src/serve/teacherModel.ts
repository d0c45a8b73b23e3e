import { dispose, tensor } from '@tensorflow/tfjs-core';
import {
  DistillError,
  type Inputs,
  outputTensors,
  type Shape,
  type TeacherSource,
  unknownName,
} from '@tfjs-distill/core';
import { type ModelPort, type PortValues } from '../teachers/ModelRuntime.js';
import { type InferenceClient } from '../teachers/remote/InferenceClient.js';

/** A teacher as a model of the Open Inference Protocol: float32 inputs `x` or `x0, x1, …`, outputs `logits` and features. */
export interface TeacherModel {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  readonly infer: InferenceClient['infer'];
}

const LOGITS = 'logits';

export function teacherModel(teacher: TeacherSource): TeacherModel {
  const { inputs = [undefined], output, features = {} } = teacher.signature;
  const inputPorts = inputs.map((shape, i) => port(inputs.length === 1 ? 'x' : `x${i}`, shape));
  const others = Object.entries(features).filter(([name]) => name !== LOGITS);
  const outputPorts = [port(LOGITS, output), ...others.map(([name, shape]) => port(name, shape))];
  return {
    inputs: inputPorts,
    outputs: outputPorts,
    infer: async (given, wanted) => {
      const x = inputPorts.map((own) => tensorOf(own, given));
      try {
        const taps = wanted.filter((name) => name !== LOGITS);
        taps.forEach((tap) => assertKnown(tap, outputPorts));
        return await answer(teacher, x.length === 1 ? (x[0] as Inputs) : x, wanted, taps);
      } finally {
        dispose(x);
      }
    },
  };
}

const port = (name: string, shape: Shape | undefined): ModelPort => ({ name, datatype: 'FP32', shape });

async function answer(
  teacher: TeacherSource,
  x: Inputs,
  wanted: readonly string[],
  taps: readonly string[],
): Promise<readonly PortValues[]> {
  const said = await teacher.outputs({ x }, taps);
  try {
    return await Promise.all(
      wanted.map(async (name) => {
        const result = name === LOGITS ? said.logits : said.features[name];
        if (result === undefined) throw new DistillError('TEACHER', `It gave no output "${name}".`);
        return { name, datatype: 'FP32', shape: result.shape, values: (await result.data()) as Float32Array };
      }),
    );
  } finally {
    dispose(outputTensors(said));
  }
}

function tensorOf({ name, shape }: ModelPort, given: readonly PortValues[]) {
  const found = given.find((values) => values.name === name);
  if (found === undefined) throw unknownInput(name, given);
  const size = found.shape.reduce((product, length) => product * length, 1);
  const fits =
    shape === undefined ||
    (shape.length === found.shape.length &&
      shape.every((length, i) => i === 0 || length === null || length === found.shape[i]));
  if (!fits || size !== found.values.length || size === 0)
    throw new DistillError(
      'SHAPE',
      `Expected input "${name}" of shape [${(shape ?? []).map((length) => length ?? '…').join(', ')}], filled; got [${found.shape.join(', ')}] with ${found.values.length} values.`,
    );
  return tensor(Float32Array.from(found.values), [...found.shape], 'float32');
}

const unknownInput = (name: string, given: readonly PortValues[]) =>
  new DistillError(
    'SHAPE',
    `Expected an input "${name}", got ${given.map((values) => `"${values.name}"`).join(', ') || 'none'}.`,
  );

function assertKnown(tap: string, outputs: readonly ModelPort[]): void {
  const names = outputs.map(({ name }) => name);
  if (names.length > 1 && !names.includes(tap)) throw unknownName('output', tap, names);
}
