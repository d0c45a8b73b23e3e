import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { fileSystem } from '@tfjs-distill/node';
import { type Browser } from 'playwright-core';
import sharp from 'sharp';
import { preview, type PreviewServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunFolder } from '../../packages/node/src/run/RunFolder.js';
import { writePage } from '../../packages/node/src/page/writePage.js';
import { barriers } from './axe.js';
import { CHROMIUM, hasChromium, launchChromium } from './chromium.js';

const OUT = fileURLToPath(new URL('../../.cache/browser/student-page', import.meta.url));
const TEACHER = fileURLToPath(
  new URL('../../packages/examples/src/mnist-distiller/teacher', import.meta.url),
);

/** Where screenshots go, if anywhere. */
const PICTURES = process.env['DEMO_PICTURES'];

const rejected = (model: LayersModel) => {
  const folder = join(OUT, '../not-for-images');
  return model
    .save(fileSystem(folder))
    .then(() => writePage(folder, join(OUT, '../none')))
    .finally(() => model.dispose());
};

describe('distill page', () => {
  it('refuses a student that takes no images', async () => {
    const model = sequential({ layers: [layers.dense({ units: 3, inputShape: [4] })] });
    await expect(rejected(model)).rejects.toThrow(/Expected a classifier of images/);
  });

  describe.skipIf(!hasChromium())(`in a browser (skipped where ${CHROMIUM} is missing)`, () => {
    let server: PreviewServer;
    let browser: Browser;
    beforeAll(async () => {
      await writePage(await finishedRun(), OUT);
      server = await preview({
        root: OUT,
        configFile: false,
        logLevel: 'error',
        build: { outDir: OUT },
        preview: { port: 0, host: '127.0.0.1' },
      });
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });

    it('says what an image shows, and that a file is none', async () => {
      const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
      const complaints: string[] = [];
      page.on('pageerror', ({ message }) => complaints.push(message));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      await page.goto(server.resolvedUrls?.local[0] ?? '');
      await page.locator('body[data-ready]').waitFor();
      const { buffer } = await drawnOne();
      await page.locator('#file').setInputFiles({ name: 'one.png', mimeType: 'image/png', buffer });
      await page.locator('#answer', { hasText: /^one, \d+\.\d % sure/ }).waitFor();
      await page.evaluate("document.querySelector('#answer').textContent = ''");
      const transfer = await page.evaluateHandle(`(${DRAGGED})([${[...buffer].join()}])`);
      await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
      await page.locator('#answer', { hasText: /^one/ }).waitFor();
      expect(await page.locator('#classes li').count()).toBe(5);
      expect(await barriers(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      await page
        .locator('#file')
        .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no') });
      await page.locator('#problem', { hasText: 'no image' }).waitFor();
      expect(complaints).toEqual([]);
      if (PICTURES) await page.screenshot({ path: join(PICTURES, 'student.png'), fullPage: true });
      await page.close();
    });
  });
});

/** A file being dragged, of these bytes. */
const DRAGGED = `(bytes) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], 'one.png', { type: 'image/png' }));
  return transfer;
}`;

const NAMES = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** A run's folder with what the page needs of it. */
async function finishedRun(): Promise<string> {
  const folder = join(OUT, '../finished-run');
  const training = { network: 'distilled', seed: 1 } as const;
  await cp(TEACHER, join(new RunFolder(folder).folderOf(training), 'model'), { recursive: true });
  await writeFile(
    join(folder, 'run.json'),
    JSON.stringify({ name: 'digits', classNames: NAMES, trainings: [training] }),
  );
  return folder;
}

/** A stroke, white on black, as MNIST has it. */
async function drawnOne(): Promise<{ readonly buffer: Buffer }> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="112" height="112"><rect width="112" height="112"/>
    <path d="M60 18 L52 94" stroke="white" stroke-width="11" stroke-linecap="round"/></svg>`;
  return { buffer: await sharp(Buffer.from(svg)).png().toBuffer() };
}
