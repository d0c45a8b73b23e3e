import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { createTeacherStore, fileSystem, openDataset } from '@tfjs-distill/node';
import { type Browser, type BrowserContext } from 'playwright-core';
import { type Browser as Firefox } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSite } from './buildSite.js';
import { CHROMIUM, hasChromium, launchChromium } from './chromium.js';
import { FIREFOX, hasFirefox, launchFirefox } from './firefox.js';
import { LONGEST_TASK, longestTask } from './longestTask.js';
import { serveSite, type Site } from './serveSite.js';
import { type PageReport } from './site/PageReport.js';
import { LABELS_ASKED } from './site/StoreAnswers.js';
import { type Answers, ASKED, distil, TRAINED } from './site/training.js';

const APP = fileURLToPath(new URL('../../.cache/browser/site', import.meta.url));
const TEACHER = fileURLToPath(
  new URL('../../packages/examples/src/mnist-distiller/teacher', import.meta.url),
);
const STEPS = 100;

/** WebGL rounds exp and log more coarsely; a hundred steps add that up. */
const TRAINED_WITHIN = { cpu: 1e-3, wasm: 1e-3, webgl: 0.05, webgpu: 1e-3 };

type Found = PageReport & { readonly complaints: readonly string[] };

describe('the published packages in a browser, under a policy without unsafe-eval', () => {
  let site: Site;
  let inNode: Answers;

  beforeAll(async () => {
    const pixels = await digits();
    site = await serveSite(await buildSite(APP, { 'digits.bin': pixels, ...(await labelFiles()) }));
    const teacher = await loadLayersModel(fileSystem(TEACHER));
    inNode = await distil(pixels, teacher, STEPS);
    teacher.dispose();
  });
  afterAll(() => site?.close());

  describe.skipIf(!hasChromium())(`Chromium (skipped where ${CHROMIUM} is missing)`, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser?.close());

    const visit = async (
      query: Readonly<Record<string, string>>,
      place: Browser | BrowserContext = browser,
    ): Promise<Found> => {
      const page = await place.newPage();
      const complaints: string[] = [];
      page.on('pageerror', ({ message }) => complaints.push(message));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      const { url, report } = site.expectReport(query);
      await page.goto(url);
      const found = { ...(await report), complaints };
      await page.close();
      return found;
    };

    for (const [backend, within] of Object.entries(TRAINED_WITHIN)) {
      it.for(['page', 'worker'])(
        `distils on ${backend} in a %s, and ends where Node does`,
        async (where, { skip }) => {
          const found = await visit({ backend, where, steps: String(STEPS) });
          if (found.status === 'absent') return skip(found.reason);
          expect(found).toMatchObject({ status: 'done', backend, strict: true, complaints: [], left: 0 });
          expectSame(found, inNode, within);
        },
      );
    }

    it.for(['page', 'worker'])(
      'reads a teacher’s logits in a %s over HTTP, from IndexedDB and from OPFS, also at the next visit',
      async (where) => {
        const context = await browser.newContext();
        for (const kept of [false, true]) {
          const found = await visit({ task: 'read stores', where }, context);
          expect(found).toMatchObject({ status: 'read', kept, complaints: [] });
          expectStored(found);
        }
        await context.close();
      },
    );

    it('keeps as many tensors after 1,000 steps as after two, and never holds up the page', async () => {
      const page = await browser.newPage();
      const { url, report } = site.expectReport({ backend: 'wasm', where: 'worker', steps: '1000' });
      const longest = await longestTask(page, () => page.goto(url).then(() => report));
      const found = await report;
      if (found.status !== 'done') throw unexpected(found);
      expect(found.tensors[0]).toBe(found.tensors[1]);
      expect(found.left).toBe(0);
      expect(longest).toBeGreaterThan(0);
      expect(longest).toBeLessThan(LONGEST_TASK);
      await page.close();
    });
  });

  describe.skipIf(!hasFirefox())(`Firefox (skipped where ${FIREFOX} is missing)`, () => {
    let browser: Firefox;
    beforeAll(async () => {
      browser = await launchFirefox();
    });
    afterAll(() => browser?.close());

    const visit = async (query: Readonly<Record<string, string>>): Promise<PageReport> => {
      const page = await browser.newPage();
      const { url, report } = site.expectReport(query);
      await page.goto(url);
      const found = await report;
      await page.close();
      return found;
    };

    it.for(['page', 'worker'])('distils on wasm in a %s, and ends where Node does', async (where) => {
      const found = await visit({ backend: 'wasm', where, steps: String(STEPS) });
      expect(found).toMatchObject({ status: 'done', backend: 'wasm', strict: true, left: 0 });
      expectSame(found, inNode, TRAINED_WITHIN.wasm);
    });

    it('reads a teacher’s logits over HTTP, from IndexedDB and from OPFS, also at the next visit', async () => {
      for (const kept of [false, true]) {
        const found = await visit({ task: 'read stores', where: 'worker' });
        expect(found).toMatchObject({ status: 'read', kept });
        expectStored(found);
      }
    });
  });
});

/** MNIST's first digits, some to train on and some of the test set. */
async function digits(): Promise<Uint8Array> {
  const { train, test } = await openDataset('mnist');
  const size = 28 * 28;
  return Uint8Array.from([
    ...train.values.subarray(0, TRAINED * size),
    ...test.values.subarray(0, ASKED * size),
  ]);
}

const CLASSES = 10;
const LABELLED = 100;
const logitOf = (id: number, column: number): number => Math.fround(id + column / 7);

/** A teacher's store of three shards, by the path that a page finds each file under. */
async function labelFiles(): Promise<Record<string, Uint8Array>> {
  const folder = await mkdtemp(join(tmpdir(), 'distill-labels-'));
  const header = { classes: CLASSES, teacher: 'aa11', dataset: 'bb22' };
  const store = await createTeacherStore(folder, header, { shardBytes: 40 * 44 });
  const ids = Int32Array.from({ length: LABELLED }, (_, i) => i);
  const logits = Float32Array.from({ length: LABELLED * CLASSES }, (_, i) =>
    logitOf(Math.floor(i / CLASSES), i % CLASSES),
  );
  await store.append({ ids, logits });
  await store.close();
  const names = await readdir(folder);
  expect(names).toHaveLength(4);
  const files = await Promise.all(
    names.map(async (name) => [`labels/${name}`, await readFile(join(folder, name))] as const),
  );
  await rm(folder, { recursive: true });
  return Object.fromEntries(files);
}

function expectStored(found: PageReport): void {
  if (found.status !== 'read') throw unexpected(found);
  const wanted = LABELS_ASKED.flatMap((id) => Array.from({ length: CLASSES }, (_, i) => logitOf(id, i)));
  expect(Object.keys(found.logits)).toHaveLength(6);
  for (const values of Object.values(found.logits)) expect(values).toEqual(wanted);
}

function expectSame(found: PageReport, wanted: Answers, trainedWithin: number): void {
  if (found.status !== 'done') throw unexpected(found);
  expect(distance(found.teacher, wanted.teacher)).toBeLessThan(1e-3);
  expect(distance(found.student, wanted.student)).toBeLessThan(trainedWithin);
  expect(distance(found.losses, wanted.losses)).toBeLessThan(trainedWithin);
}

function distance(found: readonly number[], wanted: readonly number[]): number {
  expect(found).toHaveLength(wanted.length);
  return Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)));
}

const unexpected = (found: PageReport) => new Error(`The page found ${JSON.stringify(found)}.`);
