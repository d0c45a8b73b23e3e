import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Browser } from 'puppeteer-core';
import { type PreviewServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { barriers } from './axe.js';
import { CHROMIUM, hasChromium } from './chromium.js';
import { FIREFOX, hasFirefox, launchFirefox } from './firefox.js';
import { LONGEST_TASK, longestTask } from './longestTask.js';
import { serveDemo, STEPS, useDemo } from './useDemo.js';

/** Where screenshots go, if anywhere. */
const PICTURES = process.env['DEMO_PICTURES'];

describe.skipIf(!hasChromium())(`the demo page (skipped where ${CHROMIUM} is missing)`, () => {
  const demo = useDemo();

  it('shows a test digit, and the teacher knows it', async () => {
    await demo.open();
    await demo.teacherSays('7');
    expect(await demo.page.locator('#teacher .facts').textContent()).toMatch(
      /^\d+\.\d\s% sure, \d+\.\d\sms · 3\d\d\skB/,
    );
    expect(await demo.page.locator('#problem').isHidden()).toBe(true);
    expect(demo.complaints).toEqual([]);
  });

  it('takes a digit drawn by mouse, and one drawn by keyboard', async () => {
    const { page } = demo;
    await demo.open();
    await page.locator('#clear').click();
    await demo.teacherSays('–');
    const { x, y, width, height } = (await page.locator('#pad').boundingBox())!;
    await page.mouse.move(x + width * 0.5, y + height * 0.2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.5, y + height * 0.8, { steps: 10 });
    await page.mouse.up();
    await demo.teacherSays('1');
    await page.locator('#clear').click();
    await page.locator('#pad').focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press(' ');
    for (let i = 0; i < 16; i++) await page.keyboard.press('ArrowDown');
    await page.locator('#spoken', { hasText: 'Teacher: 1' }).waitFor({ state: 'attached' });
  });

  it('distils a student that goes to the drawing side and can be downloaded', async () => {
    const { page } = demo;
    await demo.open();
    await demo.distil();
    const right = /: ([\d.]+) % of the test digits/.exec((await page.locator('#state').textContent()) ?? '');
    expect(Number(right?.[1])).toBeGreaterThan(80);
    await demo.studentSays('7');
    const files: string[] = [];
    page.on('download', (file) => files.push(file.suggestedFilename()));
    await page.locator('#download').click();
    await expect.poll(() => files.sort()).toEqual(['student.json', 'student.weights.bin']);
    await page.reload();
    await demo.studentSays('7'); // kept
    expect(demo.complaints).toEqual([]);
  });

  it('never holds up the page while it trains', async () => {
    await demo.open();
    await demo.teacherSays('7');
    const longest = await longestTask(demo.page, async () => {
      await demo.distil();
      await demo.studentSays('7');
    });
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(LONGEST_TASK);
  });

  it('pauses, and goes on where it was after a reload', async () => {
    const { page } = demo;
    await demo.open();
    await page.locator('#distil').click();
    await demo.stateHas('Step ');
    await page.locator('#pause').click();
    await demo.stateHas('Paused');
    await page.reload();
    await demo.stateHas('left unfinished');
    await page.locator('#distil', { hasText: 'Resume' }).click();
    await demo.stateHas(`Done after ${STEPS} steps`);
    expect(demo.complaints).toEqual([]);
  });

  it('goes on from the newest checkpoint where it was not paused', async () => {
    const { page } = demo;
    await demo.open();
    await page.locator('#distil').click();
    await demo.stateHas(/Step ([3-9]\d|\d{3})/);
    await page.reload();
    await page.locator('#distil', { hasText: 'Resume' }).click();
    await demo.stateHas(`Done after ${STEPS} steps`);
  });

  it('works offline once it was loaded', async () => {
    await demo.open();
    await demo.page.locator('#offline', { hasText: 'offline' }).waitFor({ timeout: 120_000 });
    await demo.context.setOffline(true);
    await demo.open();
    await demo.teacherSays('7');
    await demo.distil();
  });

  it.each([
    ['light', 1200, 'light'],
    ['dark', 1200, 'dark'],
    ['phone', 360, 'light'],
  ] as const)('fits and has no barriers: %s, %i pixels', async (name, width, colorScheme) => {
    const { page } = demo;
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await demo.open();
    await demo.teacherSays('7');
    expect(await barriers(page)).toEqual([]);
    await demo.distil();
    await demo.studentSays('7');
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    if (PICTURES) {
      await mkdir(PICTURES, { recursive: true });
      await page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true });
    }
  });
});

describe.skipIf(!hasFirefox())(`the demo page in Firefox (skipped where ${FIREFOX} is missing)`, () => {
  let browser: Browser;
  let server: PreviewServer;
  let address: string;
  beforeAll(async () => {
    ({ address, server } = await serveDemo());
    browser = await launchFirefox();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('knows a digit that was drawn, and distils a student that knows it too', async () => {
    const page = await browser.newPage();
    const complaints: unknown[] = [];
    page.on('pageerror', (error) => complaints.push(error));
    const has = (selector: string, text: string) =>
      page.waitForFunction(`document.querySelector('${selector}')?.textContent.includes('${text}')`, {
        timeout: 280_000,
      });
    await page.goto(address);
    await has('#teacher .digit', '7');
    await page.click('#clear');
    const { x, y, width, height } = (await (await page.$('#pad'))!.boundingBox())!;
    await page.mouse.move(x + width * 0.5, y + height * 0.2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.5, y + height * 0.8, { steps: 10 });
    await page.mouse.up();
    await has('#teacher .digit', '1');
    await page.click('#distil');
    await has('#state', `Done after ${STEPS} steps`);
    await has('#student .digit', '1');
    expect(complaints).toEqual([]);
  });
});
