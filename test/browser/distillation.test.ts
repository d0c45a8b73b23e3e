import { fileURLToPath } from 'node:url';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { fileSystem, openDataset } from '@tfjs-distill/node';
import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSite } from './buildSite.js';
import { CHROMIUM, hasChromium, launchChromium } from './chromium.js';
import { FIREFOX, hasFirefox, runFirefox } from './firefox.js';
import { serveSite, type Site } from './serveSite.js';
import { type PageReport } from './site/PageReport.js';
import { type Answers, ASKED, distil, TRAINED } from './site/training.js';

const APP = fileURLToPath(new URL('../../.cache/browser/site', import.meta.url));
const TEACHER = fileURLToPath(
  new URL('../../packages/examples/src/mnist-distiller/teacher', import.meta.url),
);
const STEPS = 100;
/** Milliseconds that the page may not be held up for. */
const LONGEST_TASK = 200;

/** WebGL rounds exp and log more coarsely; a hundred steps add that up. */
const TRAINED_WITHIN = { cpu: 1e-3, wasm: 1e-3, webgl: 0.05, webgpu: 1e-3 };

type Found = PageReport & { readonly complaints: readonly string[] };

describe('the published packages in a browser, under a policy without unsafe-eval', () => {
  let site: Site;
  let inNode: Answers;

  beforeAll(async () => {
    const pixels = await digits();
    site = await serveSite(await buildSite(APP, { 'digits.bin': pixels }));
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

    const visit = async (query: Readonly<Record<string, string>>): Promise<Found> => {
      const page = await browser.newPage();
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

    it('keeps as many tensors after 1,000 steps as after two, and never holds up the page', async () => {
      const found = await visit({ backend: 'wasm', where: 'worker', steps: '1000' });
      if (found.status !== 'done') throw new Error(found.reason);
      expect(found.tensors[0]).toBe(found.tensors[1]);
      expect(found.left).toBe(0);
      expect(found.longestTask).toBeLessThan(LONGEST_TASK);
    });
  });

  describe.skipIf(!hasFirefox())(`Firefox (skipped where ${FIREFOX} is missing)`, () => {
    it.for(['page', 'worker'])('distils on wasm in a %s, and ends where Node does', async (where) => {
      const { url, report } = site.expectReport({ backend: 'wasm', where, steps: String(STEPS) });
      const found = await runFirefox(url, report);
      expect(found).toMatchObject({ status: 'done', backend: 'wasm', strict: true, left: 0 });
      expectSame(found, inNode, TRAINED_WITHIN.wasm);
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

function expectSame(found: PageReport, wanted: Answers, trainedWithin: number): void {
  if (found.status !== 'done') throw new Error(found.reason);
  expect(distance(found.teacher, wanted.teacher)).toBeLessThan(1e-3);
  expect(distance(found.student, wanted.student)).toBeLessThan(trainedWithin);
  expect(distance(found.losses, wanted.losses)).toBeLessThan(trainedWithin);
}

function distance(found: readonly number[], wanted: readonly number[]): number {
  expect(found).toHaveLength(wanted.length);
  return Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)));
}
