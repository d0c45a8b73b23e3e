/**
 * WebGPU in Node through Dawn. Fetches two npm packages (130 MB), then takes the adapter that this machine has. Without
 * one, it proves that this is said; software will do to train on:
 *
 *   VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json npx vitest run --config vitest.slow.config.ts webgpu
 */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve('.');
/** Inside the checkout, so that the backend finds the one tfjs-core that everything else runs on. */
const PROJECT = path.join(ROOT, '.cache/webgpu');
const run = promisify(execFile);

beforeAll(async () => {
  await mkdir(PROJECT, { recursive: true });
  await writeFile(path.join(PROJECT, 'package.json'), '{ "private": true }');
  const packages = ['webgpu@0.6.2', '@tensorflow/tfjs-backend-webgpu@4.22.0'];
  const flags = ['--prefix', PROJECT, '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...flags, ...packages], { cwd: PROJECT });
  // npm cannot know that the checkout above has it; a second copy would register its kernels a second time
  await rm(path.join(PROJECT, 'node_modules/@tensorflow/tfjs-backend-cpu'), { recursive: true, force: true });
});

const env = { ...process.env, DISTILL_ENGINE: '', DISTILL_CACHE: path.join(PROJECT, 'no-native-engine') };
const program = (file: string) => [
  '--conditions=@tfjs-distill/source',
  '--import',
  import.meta.resolve('tsx'),
  file,
];

interface Status {
  readonly engine: string;
  readonly usable: boolean;
  readonly chosen: boolean;
  readonly reason?: string;
  readonly onlyByName?: string;
  readonly facts?: { readonly adapter: string };
}

async function webgpuStatus(): Promise<Status> {
  const bin = path.join(ROOT, 'packages/node/bin/distill.js');
  const { stdout } = await run(process.execPath, [bin, 'engine', 'list', '--json'], { cwd: PROJECT, env });
  return (JSON.parse(stdout) as Status[]).find(({ engine }) => engine === 'webgpu')!;
}

const trainOneStep = (engine: string) =>
  run(process.execPath, program(path.join(ROOT, 'test/slow/engine/trainOneStep.ts')), {
    cwd: PROJECT,
    env: { ...env, DISTILL_ENGINE: engine },
  });

describe('the webgpu engine', () => {
  it('says which adapter it has, or that none answers', async () => {
    const status = await webgpuStatus();
    if (status.usable) expect(status.facts?.adapter).toMatch(/\w/);
    else expect(status.reason).toMatch(/no graphics adapter answers|does not load/);
  });

  it('is taken by itself only where its adapter is no software', async () => {
    const { usable, chosen, onlyByName } = await webgpuStatus();
    expect(chosen).toBe(usable && onlyByName === undefined);
  });

  it('trains, saves and loads where there is an adapter, and is refused with the reason where there is none', async () => {
    const { usable } = await webgpuStatus();
    if (usable) expect((await trainOneStep('webgpu')).stdout).toMatch(/^webgpu \d/);
    else await expect(trainOneStep('webgpu')).rejects.toThrow(/No usable engine: webgpu: /);
  });
});
