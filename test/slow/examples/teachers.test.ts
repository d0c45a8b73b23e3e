import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { listEngines } from '@tfjs-distill/node';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../fixtures/teachers/referenceModel.js';
import { onnxMissing, onnxProject } from '../teachers/onnxProject.js';
import { fewDigits } from './fewDigits.js';
import { pythonHaving } from './pythonHaving.js';
import { recordOf, runMain } from '../../examples/runMain.js';

const FEW = ['--images', '128', '--epochs', '1', '--json'];
const ROWS = ['teacher', 'student alone', 'distilled'];

const native = (await listEngines()).some(({ engine, usable }) => engine === 'tensorflow' && usable);
const keras = native
  ? await pythonHaving('keras', 'tensorflow')
  : { missing: 'the native engine is not installed' };
const runtime = await onnxMissing();
const torch = runtime ? { missing: runtime } : await pythonHaving('torch', 'onnx', 'onnxscript');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'distill-teachers-'));
  await fewDigits(dir);
});
afterAll(() => rm(dir, { recursive: true }));

/** Runs an example's own script for one epoch; the place that it wrote to. */
async function made(python: string, example: string, name: string): Promise<string> {
  const script = `packages/examples/src/${example}/make_teacher.py`;
  const place = join(dir, name);
  await execa(python, [script, place, '--images', '2000', '--epochs', '1']);
  return place;
}

const reason = ({ missing }: { readonly missing?: string }) => (missing === undefined ? '' : ` (${missing})`);

describe.each([
  ['keras-teacher', '.cache/keras-teacher'],
  ['onnx-teacher', '.cache/teacher.onnx'],
])('%s', (example, place) => {
  it('says in one line how its teacher is made where there is none', async () => {
    const { code, err } = await runMain(example, ['--engine', 'wasm'], dir);
    expect(code).toBe(1);
    expect(err.split('\n')).toHaveLength(1);
    expect(err).toContain(`python3 packages/examples/src/${example}/make_teacher.py ${place}`);
  });
});

describe('keras-teacher', () => {
  it('says on another engine what it needs', async () => {
    const words = ['--engine', 'wasm', '--teacher', fixture('savedModel')];
    const { code, err } = await runMain('keras-teacher', words);
    expect(code).toBe(1);
    expect(err.split('\n')).toHaveLength(1);
    expect(err).toMatch(/runs on the native TensorFlow engine, and this one is wasm.*distill engine install/);
  });

  it.skipIf(keras.missing)(`distils from what Keras exported${reason(keras)}`, async () => {
    const teacher = await made((keras as { python: string }).python, 'keras-teacher', 'keras');
    const words = ['--engine', 'tensorflow', '--teacher', teacher, '--data', dir, ...FEW];
    const ended = await runMain('keras-teacher', words);
    const { rows, command } = recordOf(ended);
    expect(rows.map(({ name }) => name)).toEqual(ROWS);
    expect(command).toContain('--teacher FOLDER');
    expect(ended.out).toMatch(/is right about \d+\.\d % of 128 images/);
  });
});

describe('onnx-teacher', () => {
  it.skipIf(torch.missing)(`distils from what PyTorch exported${reason(torch)}`, async () => {
    const teacher = await made((torch as { python: string }).python, 'onnx-teacher', 'teacher.onnx');
    const words = ['--engine', 'wasm', '--teacher', resolve(teacher), '--data', dir, ...FEW];
    const { rows, command } = recordOf(await runMain('onnx-teacher', words, onnxProject));
    expect(rows.map(({ name }) => name)).toEqual(ROWS);
    expect(command).toContain('--teacher FILE');
  });
});
