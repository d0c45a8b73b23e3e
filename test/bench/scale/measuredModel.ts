import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CostModel, type Network } from '@tfjs-distill/node/scaling';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { ONE_THREAD } from '../../scale/oneThread.js';
import { reductionTimes } from './training.js';

const BIN = fileURLToPath(new URL('../../../packages/node/src/cli/bin.ts', import.meta.url));
const NODE = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];

/** A run's parts as `distill plan` measures them, in a process of its own with one thread. */
export async function measuredModel(
  config: object,
  { engine, shardSize }: { readonly engine: string; readonly shardSize?: number },
): Promise<CostModel> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-scale-'));
  try {
    const file = path.join(folder, 'config.yaml');
    await writeFile(file, stringify(config));
    const shards = shardSize === undefined ? [] : ['--shard-size', String(shardSize)];
    const words = ['plan', file, '--engine', engine, '--json', ...shards];
    const { stdout } = await execa(process.execPath, [...NODE, BIN, ...words], { env: ONE_THREAD });
    return (JSON.parse(stdout) as { model: CostModel }).model;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const FLOATS = [1, 2 ** 18] as const;

/** What a message between two processes of this machine takes, from sums of one number and of 262,144. */
export async function measuredNetwork(): Promise<Network> {
  const [one, many] = (await reductionTimes(2, FLOATS)).map(({ milliseconds }) => milliseconds / 1000);
  if (one === undefined || many === undefined) throw new Error('mpirun measured nothing.');
  // of two ranks: t = 2 · latency + bytes · secondsPerByte
  return { latencySeconds: one / 2, secondsPerByte: Math.max(0, many - one) / (4 * (FLOATS[1] - FLOATS[0])) };
}
