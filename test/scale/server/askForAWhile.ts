// One process of students: node … askForAWhile.ts '{"url": …, "students": 4, "samples": 8, "seconds": 5}'
import { dispose, randomNormal, type Rank, type Tensor } from '@tensorflow/tfjs-core';
import { outputTensors, type TeacherSource } from '@tfjs-distill/core';
import { remoteTeacher, selectEngine } from '@tfjs-distill/node';
import { type AskOrder, type AskReport } from './load.js';

/** A student asks about its samples, waits for the answer, and asks again; each answer must be the first one again. */
async function ask(teacher: TeacherSource, x: Tensor, until: number, latencies: number[]): Promise<number> {
  let [first, wrong] = [undefined as Float32Array | undefined, 0];
  while (performance.now() < until) {
    const start = performance.now();
    const said = await teacher.outputs({ x });
    latencies.push(performance.now() - start);
    const logits = (await said.logits.data()) as Float32Array;
    first ??= logits;
    // sums run in another order in batches of another size
    if (logits.some((value, i) => Math.abs(value - (first?.[i] ?? NaN)) > 1e-3)) wrong += 1;
    dispose(outputTensors(said));
  }
  return wrong;
}

await selectEngine({ engine: 'cpu' });
const { url, students, samples, seconds, shape, options } = JSON.parse(process.argv[2] ?? '{}') as AskOrder;
const teachers = await Promise.all(Array.from({ length: students }, () => remoteTeacher(url, options)));
const inputs = teachers.map((_, i) =>
  randomNormal<Rank.R2>([samples, ...shape] as never, 0, 1, 'float32', 1 + i),
);
process.send?.('ready');
await new Promise((resolve) => process.once('message', resolve)); // all processes begin together
const latencies: number[] = [];
const until = performance.now() + 1000 * seconds;
const wrong = await Promise.all(
  teachers.map((teacher, i) => ask(teacher, inputs[i] as Tensor, until, latencies)),
);
teachers.forEach((teacher) => teacher.dispose?.());
process.send?.({ latencies, wrong: wrong.reduce((a, b) => a + b, 0) } satisfies AskReport);
process.disconnect?.();
