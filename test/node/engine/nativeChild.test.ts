import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nativeChild } from '../../../packages/node/src/engine/nativeChild.js';
import { bindingVerdict } from '../../../packages/node/src/engine/verdicts.js';

/** Stand-ins for bindings: the probe loads whatever it is given, and these die as real libraries do. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'distill-probe-'));
  vi.stubEnv('DISTILL_CACHE', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function binding(source: string): Promise<string> {
  const file = path.join(folder, 'binding.cjs');
  await writeFile(file, source);
  return file;
}

const GOOD = `module.exports = {
  TF_Version: '9.9.9', isUsingGpuDevice: () => false, createTensor: () => 0,
  executeOp: () => [{ id: 1 }], tensorDataSync: () => [7, 10, 15, 22],
};`;

describe('a binding that is tried in a child process', () => {
  it('answers with its version', async () => {
    expect(await nativeChild('probe', [await binding(GOOD)])).toEqual({
      ok: true,
      value: { tensorflow: '9.9.9', gpu: false },
    });
  });

  it.each([
    ['SIGILL', 'it uses processor instructions that this machine lacks (such as AVX) (SIGILL)', true],
    ['SIGSEGV', 'it crashed on load (SIGSEGV)', true],
    ['SIGABRT', 'it aborted on load (SIGABRT)', true],
    ['SIGKILL', 'it was killed (SIGKILL)', false], // by a person or for memory: another try may go well
  ])('that dies of %s is a reason, not a crash', async (signal, reason, lasting) => {
    const file = await binding(`process.kill(process.pid, '${signal}'); while (true);`);
    expect(await nativeChild('probe', [file])).toEqual({ ok: false, reason, lasting });
  });

  it('that throws is a reason in one line', async () => {
    const file = await binding(`throw new Error("libtensorflow_cc.so.2: cannot open shared object file")`);
    expect(await nativeChild('probe', [file])).toMatchObject({
      reason: 'libtensorflow_cc.so.2: cannot open shared object file',
    });
  });

  it('that computes wrongly is refused', async () => {
    const file = await binding(GOOD.replace('22', '23'));
    expect(await nativeChild('probe', [file])).toMatchObject({
      reason: 'its matrix product is wrong: 7,10,15,23',
    });
  });

  it('that hangs is given up', async () => {
    const file = await binding('while (true);');
    expect(await nativeChild('probe', [file], 500)).toEqual({
      ok: false,
      reason: 'no answer in 0.5 s',
      lasting: false,
    });
  });

  it('that is an empty or damaged file is a reason', async () => {
    const file = path.join(folder, 'binding.node');
    await writeFile(file, '');
    expect(await nativeChild('probe', [file])).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/file too short|dlopen/) as unknown,
    });
    await writeFile(file, Buffer.alloc(5000, 7));
    expect(await nativeChild('probe', [file])).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/invalid ELF|dlopen/) as unknown,
    });
  });
});

const kept = () => readdir(path.join(folder, 'engines/.verdicts')).catch(() => []);

describe('the verdict on a binding', () => {
  it('is kept, so that the next start need not try', async () => {
    const counter = path.join(folder, 'count');
    const file = await binding(`require('fs').appendFileSync(${JSON.stringify(counter)}, 'x'); ${GOOD}`);
    const first = await bindingVerdict(file);
    expect(await bindingVerdict(file)).toEqual(first);
    expect(await readFile(counter, 'utf8')).toBe('x');
    await bindingVerdict(file, true);
    expect(await readFile(counter, 'utf8')).toBe('xx');
  });

  it('is found anew when the binding changes', async () => {
    expect((await bindingVerdict(await binding(GOOD))).ok).toBe(true);
    expect((await bindingVerdict(await binding('process.abort()'))).ok).toBe(false);
    expect(await kept()).toHaveLength(2);
  });

  it('is not kept where the next try may go well', async () => {
    const file = await binding(`process.kill(process.pid, 'SIGKILL'); while (true);`);
    expect((await bindingVerdict(file)).ok).toBe(false);
    expect(await kept()).toEqual([]);
  });

  it('is found anew where the kept one is damaged', async () => {
    const file = await binding(GOOD);
    await bindingVerdict(file);
    await writeFile(path.join(folder, 'engines/.verdicts', (await kept())[0]!), '{"ok":');
    expect((await bindingVerdict(file)).ok).toBe(true);
  });

  it('names a binding that is not there', async () => {
    expect(await bindingVerdict(path.join(folder, 'none.node'))).toMatchObject({
      ok: false,
      reason: `${folder}/none.node cannot be read`,
    });
  });
});
