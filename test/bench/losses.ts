/**
 * Forward and backward of every loss on the fastest engine, beside PyTorch's on the same machine.
 *
 *   npm run bench -- losses [--python PATH] [--engine NAME] [--only TYPE,TYPE] [--seconds 0.2]
 *
 * Both sides are measured in turn, case by case; times are the least of many, which
 * other work on the machine disturbs least. Ends with the geometric mean of
 * ours ÷ PyTorch's.
 */
import { parseArgs } from 'node:util';
import {
  dispose,
  randomNormal,
  randomUniform,
  type Tensor,
  tidy,
  variable,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { type EngineName, selectEngine } from '@tfjs-distill/node/engine';
import { type LossCase, lossCases } from './losses/cases.js';
import { Torch } from './losses/torch.js';

const { values: args } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    engine: { type: 'string' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '0.2' },
  },
});
const seconds = Number(args.seconds);
const only = args.only?.split(',');
await selectEngine({
  engine: args.engine as EngineName | undefined,
  onMessage: (line) => console.log(line),
});
const peer = await Torch.start(args.python);
console.log(
  peer ? `PyTorch ${peer.version}.` : `No PyTorch in ${args.python}: pass --python PATH to compare.`,
);

const ratios: number[] = [];
print('loss', 'size', 'ours ms', 'PyTorch ms', 'ratio');
for (const lossCase of lossCases()) {
  if (only && !only.includes(lossCase.type)) continue;
  const theirs = lossCase.alone ? undefined : await peer?.torch.time(lossCase, seconds);
  const ours = await time(lossCase);
  const ratio = theirs === undefined ? undefined : ours / theirs;
  if (ratio !== undefined) ratios.push(ratio);
  print(lossCase.type, lossCase.size, ours.toFixed(3), theirs?.toFixed(3) ?? '–', ratio?.toFixed(2) ?? '–');
  if (lossCase.alone && peer) console.log(`  not compared: ${lossCase.alone}`);
}
peer?.torch.stop();
const geomean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
console.log(
  `geomean ${ratios.length > 0 ? geomean.toFixed(2) : 'unknown: there was nothing to compare with'}`,
);

/** Least milliseconds of forward and backward. */
async function time({ inputs, wrt, loss }: LossCase): Promise<number> {
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, classes }]) => {
      const tensor = tidy(() => filled(shape, classes));
      return [name, wrt.includes(name) ? variable(tensor) : tensor] as const;
    }),
  );
  const variables = wrt.map((name) => tensors[name] as Variable);
  const once = async () => {
    const start = performance.now();
    const { value, grads } = variableGrads(() => loss(tensors), variables);
    await Object.values(grads)[0]!.data(); // asynchronous engines have to finish
    const ms = performance.now() - start;
    dispose([value, ...Object.values(grads)]);
    return ms;
  };
  for (let i = 0; i < 3; i++) await once();
  const times: number[] = [];
  const until = performance.now() + 1000 * seconds;
  while (times.length < 5 || performance.now() < until) times.push(await once());
  dispose(tensors);
  dispose(variables);
  return Math.min(...times);
}

function filled(shape: readonly number[], classes: number | undefined): Tensor {
  return classes === undefined ? randomNormal([...shape]) : randomUniform([...shape], 0, classes, 'int32');
}

function print(...cells: string[]): void {
  const widths = [20, 14, 10, 12, 8];
  console.log(cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(''));
}
