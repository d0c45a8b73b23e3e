import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { criteria } from '@tfjs-distill/losses';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRunConfig } from '../../../packages/node/src/run/config/readRunConfig.js';
import { runSchema } from '../../../packages/node/src/run/config/runSchema.js';
import { exampleConfig } from '../../../packages/node/src/run/exampleConfig.js';
import { gridPoints } from '../../../packages/node/src/run/gridPoints.js';

let file: string;
beforeEach(async () => {
  file = path.join(await mkdtemp(path.join(os.tmpdir(), 'distill-config-')), 'mine.yaml');
});
afterEach(() => rm(path.dirname(file), { recursive: true }));

const LINES = ['dataset: mnist', 'teacher: ./teacher', 'student: mlp', 'criterion:', '  type: kd'];
const read = async (lines: readonly string[], overrides: readonly string[] = []) => {
  await writeFile(file, lines.join('\n'));
  return (await readRunConfig(file, overrides)).config;
};

describe('a configuration', () => {
  it('has the defaults filled in, as JSON, and the name of its file', async () => {
    const config = await read(LINES);
    expect(config).toMatchObject({
      name: 'mine',
      alone: true,
      seeds: 1,
      criterion: { type: 'kd', temperature: 4 },
      training: { batchSize: 64, optimizer: 'adam', learningRate: 1e-3 },
    });
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  it('keeps schedules as what they were written as', async () => {
    const rate = { type: 'cosine', from: 1e-3, to: 1e-5 };
    const config = await read([...LINES, `training: { learningRate: ${JSON.stringify(rate)} }`]);
    expect(config.training.learningRate).toEqual(rate);
  });

  it('takes overrides, typed as YAML types them', async () => {
    const config = await read(LINES, [
      'criterion.temperature=8',
      'seeds=[4, 5]',
      'plugins.0={type: early-stopping}',
    ]);
    expect(config).toMatchObject({ criterion: { temperature: 8 }, seeds: [4, 5] });
    expect(config.plugins[0]).toMatchObject({ type: 'early-stopping', patience: 5 });
  });

  it('knows the plugins of this package, and how steps are to run', async () => {
    const plugins = [
      'plugins:',
      '  - { type: tensorboard, dir: events }',
      '  - { type: history-file, path: h.jsonl }',
    ];
    const config = await read([...LINES, ...plugins, 'training: { stepRunner: eager, stepsPerCall: 4 }']);
    expect(config.plugins).toEqual([
      { type: 'tensorboard', dir: 'events', every: 10 },
      { type: 'history-file', path: 'h.jsonl' },
    ]);
    expect(config.training).toMatchObject({ stepRunner: 'eager', stepsPerCall: 4 });
    expect((await read(LINES)).training).toMatchObject({ stepRunner: 'auto', stepsPerCall: 1 });
  });

  it.each([
    [
      [...LINES, '  temprature: 3'],
      [],
      /mine\.yaml:6: Unknown option "criterion\.temprature"\. Did you mean "temperature"\?/,
    ],
    [[...LINES, 'traning: {}'], [], /mine\.yaml:6: Unknown option "traning"\. Did you mean "training"\?/],
    [
      [...LINES, '  temperature: -1'],
      [],
      /mine\.yaml:6: Expected `criterion\.temperature` to be a number above 0, got -1\./,
    ],
    [LINES, ['criterion.type=kdd'], /^--set criterion\.type=kdd: .*did you mean "kd"\?.*got "kdd"/],
    [LINES, ['training.epochs=ten'], /^--set training\.epochs=ten: Expected `training\.epochs`/],
    [
      LINES,
      ['student.a.b=1'],
      /mine\.yaml: Expected `--set` to be a path that the file has room for, got "student\.a\.b"/,
    ],
    [LINES, ['seeds'], /Expected `--set` to be KEY=VALUE/],
    [LINES.slice(0, 3), [], /mine\.yaml: Expected `criterion` to be given, or `stages` in its place/],
    [
      [...LINES, 'storeTeacher: true', 'training: { augment: { shift: 2 } }'],
      [],
      /mine\.yaml:7: Expected `training\.augment` to be left out/,
    ],
    [
      [...LINES, 'training: { stepRunner: compild }'],
      [],
      /mine\.yaml:6: Expected `training\.stepRunner` to be auto, eager or compiled, got "compild"/,
    ],
    [
      [...LINES, 'plugins: [{ type: tensorbord, dir: a }]'],
      [],
      /mine\.yaml:6: .*a plugin of a known type \(did you mean "tensorboard"\?\)/,
    ],
    [
      [...LINES, 'plugins: [{ type: checkpoints, dir: a }]'],
      [],
      /mine\.yaml:6: .*a plugin of a known type \(a run writes checkpoints by itself\)/,
    ],
    [['dataset: [', ...LINES], [], /mine\.yaml:\d+: This is no YAML/],
    [['just text'], [], /Expected `the file` to be a configuration/],
    [[], [], /Expected `the file` to be a configuration/],
  ])('of %j with %j is refused with its place', async (lines, overrides, message) => {
    await expect(read(lines, overrides)).rejects.toThrow(message);
  });

  it('that is not there says how to get one', async () => {
    await expect(readRunConfig('/nowhere.yaml')).rejects.toThrow(
      /no such file\. `distill init` writes an example/,
    );
  });

  it('reads the same again once its defaults are filled in, for every criterion', () => {
    const needed = { student: ['a'], teacher: ['b'], mappings: [['a', 'b']], classifier: 'c', exits: ['a'] };
    for (const type of Object.keys(criteria)) {
      const attempts = [
        { type },
        { type, student: ['a'], teacher: ['b'] },
        { type, student: 'a', teacher: 'b' },
        { type, ...needed },
        { type, mappings: needed.mappings },
        { type, student: ['a', 'b'], teacher: ['a', 'b'] },
      ];
      const parse = (criterion: unknown) =>
        runSchema.safeParse({ dataset: 'mnist', student: 'mlp', criterion });
      const first = attempts.map(parse).find(({ success }) => success);
      if (first?.data === undefined) continue; // needs more than names of layers; has a test of its own
      const once = JSON.parse(JSON.stringify(first.data)) as { criterion: unknown };
      expect(JSON.parse(JSON.stringify(parse(once.criterion).data?.criterion)), type).toEqual(once.criterion);
    }
  });
});

describe('the example', () => {
  it.each(['mnist', 'fashion-mnist', 'cifar10'] as const)('of %s passes the checks', async (dataset) => {
    const config = await read(
      exampleConfig({ dataset, teacher: 'models/teacher', schema: 's.json' }).split('\n'),
    );
    expect(config).toMatchObject({ dataset, teacher: 'models/teacher', student: 'small-cnn' });
  });
});

describe('a grid', () => {
  it('has every combination, with names that tell them apart', () => {
    const points = gridPoints(['criterion.temperature=2,4', 'alone={epochs: 1, batchSize: 2},false']);
    expect(points.map(({ name }) => name)).toEqual([
      'temperature=2 alone=_epochs_1,_batchSize_2_',
      'temperature=2 alone=false',
      'temperature=4 alone=_epochs_1,_batchSize_2_',
      'temperature=4 alone=false',
    ]);
    expect(points[0]?.assignments).toEqual(['criterion.temperature=2', 'alone={epochs: 1, batchSize: 2}']);
  });

  it('keeps as much of its keys as it takes', () => {
    expect(gridPoints(['a.epochs=1', 'b.epochs=2']).map(({ name }) => name)).toEqual([
      'a.epochs=1 b.epochs=2',
    ]);
  });

  it.each([[['temperature']], [['=2']], [['a=']], [['a=1', 'a=2']]])('of %j is refused', (grids) => {
    expect(() => gridPoints(grids)).toThrow(/Expected `--grid` to be/);
  });
});
