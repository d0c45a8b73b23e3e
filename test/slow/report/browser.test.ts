import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '../../../packages/node/src/report/writeReport.js';
import { sampleRecord } from '../../node/report/sampleRecord.js';

/** The browser of this machine; pictures go to REPORT_PICTURES, where that is set. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const PICTURES = process.env['REPORT_PICTURES'];

const LONG_NAMES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

describe.skipIf(!existsSync(CHROMIUM))(
  `the report in a browser (skipped where ${CHROMIUM} is missing)`,
  () => {
    let browser: Browser;
    let dir = '';
    let address = '';

    beforeAll(async () => {
      dir = await mkdtemp(path.join(os.tmpdir(), 'distill-browser-'));
      const file = path.join(dir, 'report.html');
      await writeReport(sampleRecord({ names: LONG_NAMES }), file);
      address = pathToFileURL(file).href;
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
      if (PICTURES) await mkdir(PICTURES, { recursive: true });
    });
    afterAll(async () => {
      await browser?.close();
      await rm(dir, { recursive: true, force: true });
    });

    it.each([
      ['light', 1200, 'light'],
      ['dark', 1200, 'dark'],
      ['tablet', 768, 'light'],
      ['phone', 360, 'dark'],
    ] as const)(
      'shows itself whole, without a complaint or a request: %s, %i pixels',
      async (name, width, colorScheme) => {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        const complaints: string[] = [];
        const requests: string[] = [];
        page.on('console', (message) => complaints.push(message.text()));
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('request', (request) => requests.push(request.url()));
        await page.goto(address);
        expect(complaints).toEqual([]);
        expect(requests.filter((url) => url !== address && !url.startsWith('data:'))).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect(await page.evaluate(OVERFLOWING)).toEqual([]);
        expect(await page.evaluate(UNREADABLE)).toEqual([]);
        await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))");
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = false))");
        if (PICTURES) await page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true });
        await page.close();
      },
    );

    it('is a tree of names for who hears it: one heading a part, a name for each picture and table', async () => {
      const page = await browser.newPage();
      await page.goto(address);
      expect(await page.getByRole('img').count()).toBe(9);
      for (const picture of await page.getByRole('img').all()) {
        expect(((await picture.getAttribute('aria-label')) ?? '').length).toBeGreaterThan(30);
      }
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
        'Results',
        'Charts',
        'Classes',
        'Settings',
      ]);
      expect(await page.getByRole('table', { name: 'Results' }).count()).toBe(1);
      await page.close();
    });
  },
);

/** Charts and texts that reach over their figure; tables scroll in their own region. */
const OVERFLOWING = `[...document.querySelectorAll('figure')].flatMap((figure) => {
  const edge = figure.getBoundingClientRect().right + 0.5;
  return [...figure.querySelectorAll('svg, svg text, figcaption, .legend li')]
    .filter((each) => each.getBoundingClientRect().right > edge || each.getBoundingClientRect().left < 0)
    .map((each) => figure.querySelector('h3').textContent + ': ' + each.tagName + ' ' + each.textContent.slice(0, 40));
})`;

/** Texts in charts below 8 pixels. */
const UNREADABLE = `[...document.querySelectorAll('figure svg text')]
  .filter((each) => each.textContent && parseFloat(getComputedStyle(each).fontSize) * (each.ownerSVGElement.getBoundingClientRect().width / each.ownerSVGElement.viewBox.baseVal.width) < 8)
  .map((each) => each.closest('figure').querySelector('h3').textContent + ': ' + each.textContent)`;
