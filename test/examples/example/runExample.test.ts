import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DistillError } from '@tfjs-distill/core';
import { type ExampleRecord } from '../../../packages/examples/src/example/ExampleRecord.js';
import { type Example, runExample } from '../../../packages/examples/src/example/runExample.js';

const findings = {
  measure: 'accuracy, %',
  seeds: [1],
  settings: { images: 3 },
  rows: [{ name: 'a', values: [50] }],
};

describe('runExample', () => {
  let [out, err] = ['', ''];
  beforeEach(() => {
    [out, err] = ['', ''];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((err += String(text))));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  const run = vi.fn<Example<'teacher'>['run']>();
  const example: Example<'teacher'> = {
    name: 'sample',
    description: 'A sample.',
    options: { teacher: { value: 'file', description: 'who teaches' } },
    run,
  };

  it('prints the table and, as its last line, the record of the run', async () => {
    run.mockResolvedValueOnce(findings);
    await runExample(example, ['--engine', 'cpu', '--seeds', '1', '--json']);
    expect(out).toContain('│ a │ 50.00');
    const { date, seconds, ...record } = JSON.parse(out.trim().split('\n').at(-1)!) as ExampleRecord;
    expect(record).toEqual({
      ...findings,
      example: 'sample',
      command: 'npm run example:sample -- --engine cpu --seeds 1',
      engine: 'cpu',
      node: process.versions.node,
    });
    expect(Date.now() - Date.parse(date)).toBeLessThan(60_000);
    expect(seconds).toBeGreaterThanOrEqual(0);
  });

  it('gives an example what was typed, its own options too', async () => {
    run.mockResolvedValueOnce(findings);
    await runExample(example, ['--engine', 'cpu', '--full', '--images', '20', '--teacher', '/here/t.onnx']);
    expect(run).toHaveBeenLastCalledWith(
      expect.objectContaining({ full: true, images: 20, teacher: '/here/t.onnx', usedEngine: 'cpu' }),
    );
  });

  it('keeps places of this machine out of the record', async () => {
    run.mockResolvedValue(findings);
    const commandOf = async (...words: string[]) => {
      out = '';
      await runExample(example, ['--engine', 'cpu', '--json', ...words]);
      return (JSON.parse(out.trim().split('\n').at(-1)!) as ExampleRecord).command;
    };
    const typed = 'npm run example:sample -- --engine cpu';
    expect(await commandOf('--data', '/here/d', '--teacher', '/here/t')).toBe(
      `${typed} --data FOLDER --teacher FILE`,
    );
    expect(await commandOf('--data=/here/d', '--teacher=/here/t=1')).toBe(
      `${typed} --data=FOLDER --teacher=FILE`,
    );
  });

  it('ends in one line on standard error and the exit code 1', async () => {
    run.mockRejectedValueOnce(new DistillError('DATA', 'There is no teacher.', { hint: 'Make it.' }));
    await runExample(example, ['--engine', 'cpu']);
    expect(err).toBe('There is no teacher. Make it.\n');
    expect(process.exitCode).toBe(1);
  });
});
