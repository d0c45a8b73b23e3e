import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chartsOf } from '../../../packages/node/src/report/charts/index.js';
import { axisOf, curvesOf, lossTerms } from '../../../packages/node/src/report/curvesOf.js';
import { evaluationCells } from '../../../packages/node/src/report/evaluationCells.js';
import { finding } from '../../../packages/node/src/report/finding.js';
import { reportPage } from '../../../packages/node/src/report/reportPage.js';
import {
  bytesText,
  countText,
  millisecondsText,
  percentSummary,
  trimmed,
} from '../../../packages/node/src/report/texts.js';
import { writeReport } from '../../../packages/node/src/report/writeReport.js';
import { type RunRecord } from '../../../packages/node/src/run/RunRecord.js';
import { sampleRecord } from './sampleRecord.js';

const record = sampleRecord();
const page = await reportPage(record);
/** As it comes back from run.json, where NaN is null. */
const fromJson = (value: RunRecord) => JSON.parse(JSON.stringify(value)) as RunRecord;

describe('the table of a run', () => {
  it('has a column a network, with the spread over the seeds', () => {
    const cells = evaluationCells(record);
    expect(cells[0]).toEqual(['', 'teacher', 'student alone', 'student distilled']);
    const accuracy = cells.find(([head]) => head === 'accuracy');
    expect(accuracy?.[1]).toMatch(/^99\.\d\d %$/);
    expect(accuracy?.[3]).toMatch(/^97\.\d\d ± 0\.\d\d %$/);
    expect(cells.find(([head]) => head === 'agreement')?.[1]).toBe('–');
    expect(cells.find(([head]) => head === 'latency, 1 sample')).toEqual([
      'latency, 1 sample',
      '2.1 ms',
      '0.41 ms',
      '0.41 ms',
    ]);
  });

  it('leaves out what nobody knows', () => {
    const one = sampleRecord({ seeds: 1 });
    const bare = {
      ...one,
      trainings: one.trainings.map((training) => {
        const { flops: _, top5: __, ...evaluation } = training.evaluation;
        return { ...training, evaluation };
      }),
    };
    const { teacher: _, ...alone } = bare;
    expect(evaluationCells(alone).map(([head]) => head)).not.toContain('FLOPs');
    expect(evaluationCells(alone)[0]).toEqual(['', 'student alone', 'student distilled']);
  });
});

describe('the finding', () => {
  it('says what distillation brought, and what the student costs beside its teacher', () => {
    expect(finding(record)).toMatch(
      /^Distilled, the student reaches 97\.\d\d ± 0\.\d\d %, 3\.\d\d points more than alone \(93\.\d\d ± 0\.\d\d %\); its teacher has 99\.\d\d %\. It is 87\.2 % smaller than its teacher and 5\.1 times as fast\.$/,
    );
  });

  it('says so where it did not help', () => {
    const swapped = record.trainings.map((training) => ({
      ...training,
      network: training.network === 'alone' ? ('distilled' as const) : ('alone' as const),
    }));
    expect(finding({ ...record, trainings: swapped })).toContain('points less than alone');
  });
});

describe('the curves', () => {
  it('are means over the seeds with one standard deviation around', () => {
    const [first] = curvesOf(record, ['val_accuracy']);
    const values = record.trainings.flatMap(({ network, history }) => network === 'alone' ? [history[0]?.['val_accuracy'] ?? NaN] : []); // prettier-ignore
    const mean = values.reduce((sum, value) => sum + value, 0) / 3;
    expect(first).toMatchObject({ at: 1, network: 'student alone' });
    expect(first?.mean).toBeCloseTo(mean, 12);
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
    expect((first?.high ?? NaN) - (first?.low ?? NaN)).toBeCloseTo(2 * sd, 12);
  });

  it('share an axis of epochs, or of shares where one learns for longer', () => {
    expect(axisOf(record).title).toBe('epoch');
    const [first, ...others] = record.trainings;
    const longer = { ...record, trainings: [{ ...first!, history: first!.history.slice(0, 2) }, ...others] };
    expect(axisOf(longer).title).toBe('share of the training');
  });

  it('know loss terms from metrics and diagnostics', () => {
    expect(lossTerms(record)).toEqual(['loss', 'task', 'kd']);
  });
});

describe('the page', () => {
  it('has every picture, with a name and its numbers', () => {
    const charts = chartsOf(record);
    expect(charts.map(({ title }) => title)).toEqual([
      'Accuracy while learning',
      'Loss terms, student alone',
      'Loss terms, student distilled',
      'Pull of each loss term',
      'How sure they are',
      'Sure and right',
      'Confusions, student distilled',
      'Size and accuracy',
      'Latency',
    ]);
    for (const { cells } of charts) for (const row of cells) expect(row).toHaveLength(cells[0]!.length);
    expect(page.match(/<svg [^>]*role="img" aria-label="[^"]{20,}"/g)).toHaveLength(charts.length);
    expect(page.match(/<details>/g)).toHaveLength(charts.length);
  });

  it('needs nothing else: no script, no address; text is text', () => {
    expect(page).not.toMatch(/<script|src=|@import|url\(|href="(?!data:,")/);
    expect(
      page.match(/https?:[^"]*/g)?.every((address) => address.startsWith('http://www.w3.org/')) ?? true,
    ).toBe(true);
    expect(page).toContain('<h1>digits &#x3C;&#x26;"</h1>');
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('name="viewport"');
  });

  it('is the same from run.json, and of a run with little in it', async () => {
    expect(await reportPage(fromJson(record))).toBe(page);
    const { teacher: _, ...rest } = sampleRecord({ seeds: 1 });
    const short = {
      ...rest,
      trainings: rest.trainings.slice(0, 1).map((training) => ({ ...training, history: [] })),
    };
    const little = await reportPage(fromJson(short));
    expect(little).not.toMatch(/NaN|undefined|Infinity|>null</);
    expect(little.match(/<svg/g)).toHaveLength(4);
  });

  it('draws no squares of more classes than can be read', () => {
    const many = sampleRecord({ seeds: 1, names: Array.from({ length: 100 }, (_, i) => `class ${i}`) });
    expect(chartsOf(many).map(({ title }) => title)).not.toContain('Confusions, student distilled');
  });
});

describe('writeReport', () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(path.join(os.tmpdir(), 'distill-report-'))));
  afterEach(() => rm(dir, { recursive: true }));

  it('writes one file, with its folder', async () => {
    const file = path.join(dir, 'new', 'report.html');
    await writeReport(sampleRecord({ seeds: 1 }), file);
    expect(await readdir(path.dirname(file))).toEqual(['report.html']);
    expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>\n<html lang="en">/);
  });

  it('says where it cannot', async () => {
    await writeFile(path.join(dir, 'file'), '');
    await expect(
      writeReport(sampleRecord({ seeds: 1 }), path.join(dir, 'file', 'report.html')),
    ).rejects.toThrow(/^writeReport: .*report\.html cannot be written: /);
  });
});

describe('numbers as people read them', () => {
  it('have the digits that count', () => {
    expect([countText(20_490), countText(4_230_000), countText(1.137e9), countText(NaN)]).toEqual([
      '20,490',
      '4.23 M',
      '1.14 G',
      '–',
    ]);
    expect([bytesText(172), bytesText(81_960), bytesText(4e7), bytesText(undefined)]).toEqual([
      '172 B',
      '80.0 KiB',
      '38.1 MiB',
      '–',
    ]);
    expect([millisecondsText(0.38421), millisecondsText(123.4)]).toEqual(['0.384 ms', '123 ms']);
    expect([trimmed(0), trimmed(1234.5), trimmed(null)]).toEqual(['0', '1,235', '–']);
    expect(percentSummary({ count: 1, mean: 0.5, sd: 0, lowest: 0.5, highest: 0.5 })).toBe('50.00 %');
  });
});
