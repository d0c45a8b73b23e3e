import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type Page } from 'playwright-core';
import { preview, type PreviewServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildDemo } from '../../packages/examples/browser-demo/build/buildDemo.js';
import { CHROMIUM, hasChromium, launchChromium } from './chromium.js';

const OUT = fileURLToPath(new URL('../../.cache/browser/demo', import.meta.url));
/** Where screenshots go, if anywhere. */
const PICTURES = process.env['DEMO_PICTURES'];

describe.skipIf(!hasChromium())(`the demo page (skipped where ${CHROMIUM} is missing)`, () => {
  let server: PreviewServer;
  let browser: Browser;
  let address = '';
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    await buildDemo({ out: OUT, train: 2560, test: 100 });
    server = await preview({
      root: OUT,
      configFile: false,
      logLevel: 'error',
      build: { outDir: OUT },
      preview: { port: 0, host: '127.0.0.1' },
    });
    address = server.resolvedUrls?.local[0] ?? '';
    browser = await launchChromium();
    if (PICTURES) await mkdir(PICTURES, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await newPage();
  });
  afterEach(() => context.close());

  async function newPage(): Promise<Page> {
    const fresh = await context.newPage();
    complaints = [];
    fresh.on('pageerror', ({ message }) => complaints.push(message));
    fresh.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    return fresh;
  }
  const open = async () => {
    await page.goto(address);
    await page.locator('body[data-ready]').waitFor();
  };
  const stateHas = (text: string) => page.locator('#state', { hasText: text }).waitFor({ timeout: 120_000 });

  const problemHas = (text: string) =>
    page.locator('#problem', { hasText: text }).waitFor({ timeout: 60_000 });

  it('shows a test digit, and the teacher knows it', async () => {
    await open();
    await page.locator('#teacher .digit', { hasText: '7' }).waitFor();
    expect(await page.locator('#teacher .facts').textContent()).toMatch(
      /^\d+\.\d % sure, \d+\.\d ms · 3\d\d kB/,
    );
    expect(await page.locator('#problem').isHidden()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('takes a digit drawn by mouse, and one drawn by keyboard', async () => {
    await open();
    await page.locator('#clear').click();
    await page.locator('#teacher .digit', { hasText: '–' }).waitFor();
    const { x, y, width, height } = (await page.locator('#pad').boundingBox())!;
    await page.mouse.move(x + width * 0.5, y + height * 0.2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.5, y + height * 0.8, { steps: 10 });
    await page.mouse.up();
    await page.locator('#teacher .digit', { hasText: '1' }).waitFor();
    await page.locator('#clear').click();
    await page.locator('#pad').focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press(' ');
    for (let i = 0; i < 16; i++) await page.keyboard.press('ArrowDown');
    await page.locator('#spoken', { hasText: 'Teacher: 1' }).waitFor({ state: 'attached' });
  });

  it('distils a student that goes to the drawing side and can be downloaded', async () => {
    await open();
    await page.locator('#distil').click();
    await stateHas('Done after 480 steps');
    const right = /: ([\d.]+) % of the test digits/.exec((await page.locator('#state').textContent()) ?? '');
    expect(Number(right?.[1])).toBeGreaterThan(80);
    await page.locator('#student .digit', { hasText: '7' }).waitFor();
    const files: string[] = [];
    page.on('download', (file) => files.push(file.suggestedFilename()));
    await page.locator('#download').click();
    await expect.poll(() => files.sort()).toEqual(['student.json', 'student.weights.bin']);
    await page.reload();
    await page.locator('#student .digit', { hasText: '7' }).waitFor(); // kept
    expect(complaints).toEqual([]);
  });

  it('pauses, and goes on where it was after a reload', async () => {
    await open();
    await page.locator('#distil').click();
    await stateHas('Step ');
    await page.locator('#pause').click();
    await stateHas('Paused');
    await page.reload();
    await stateHas('left unfinished');
    await page.locator('#distil', { hasText: 'Resume' }).click();
    await stateHas('Done after 480 steps');
    expect(complaints).toEqual([]);
  });

  it('goes on from the newest checkpoint where it was not paused', async () => {
    await open();
    await page.locator('#distil').click();
    await page.locator('#state', { hasText: /Step ([3-9]\d|\d{3})/ }).waitFor({ timeout: 60_000 });
    await page.reload();
    await page.locator('#distil', { hasText: 'Resume' }).click();
    await stateHas('Done after 480 steps');
  });

  it('works offline once it was loaded', async () => {
    await open();
    await page.locator('#offline', { hasText: 'offline' }).waitFor({ timeout: 60_000 });
    await context.setOffline(true);
    await open();
    await page.locator('#teacher .digit', { hasText: '7' }).waitFor();
    await page.locator('#distil').click();
    await stateHas('Done after 480 steps');
  });

  it('says that there is no network, and what to do', async () => {
    await page.route('**/teacher/weights.bin', (route) => route.abort());
    await open();
    await problemHas('teacher');
    expect(await page.locator('#problem').textContent()).toMatch(/network/);
  });

  it('refuses files that are no model of digits, and keeps the student', async () => {
    await open();
    const files = page.locator('#files');
    await files.setInputFiles({
      name: 'model.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{}'),
    });
    await problemHas('model');
    await files.setInputFiles({ name: 'weights.bin', mimeType: '', buffer: Buffer.alloc(8) });
    await problemHas('Choose model.json together with its .bin files.');
    expect(await page.locator('#teacher .digit').textContent()).toBe('7');
  });

  it('goes on by WebAssembly when the WebGL context is lost', async () => {
    await page.addInitScript(REMEMBER_CONTEXTS);
    await open();
    await page.locator('#backend').selectOption('webgl');
    await page.locator('body[data-backend=webgl]').waitFor({ timeout: 60_000 });
    await page.evaluate("contexts.forEach((gl) => gl.getExtension('WEBGL_lose_context').loseContext())");
    await problemHas('Nothing is lost');
    expect(await page.locator('#backend').inputValue()).toBe('wasm');
    await page.locator('#clear').click();
    await page.locator('#example').click();
    await page.locator('#teacher .digit', { hasText: '2' }).waitFor(); // the second test digit
  });

  it('trains to the end where nothing can be stored, and says so', async () => {
    await page.addInitScript(FULL_STORAGE);
    await open();
    // workers get no init scripts: there the quota itself is nothing
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(address).origin, quotaSize: 0 });
    await page.locator('#distil').click();
    await stateHas('Done after 480 steps');
    await page.locator('#student .digit', { hasText: '7' }).waitFor();
    await problemHas('could not be kept for your next visit');
  });

  it.each([
    ['light', 1200, 'light'],
    ['dark', 1200, 'dark'],
    ['phone', 360, 'light'],
  ] as const)('fits: %s, %i pixels', async (name, width, colorScheme) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await open();
    await page.locator('#distil').click();
    await stateHas('Done after 480 steps');
    await page.locator('#student .digit', { hasText: '7' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    if (PICTURES) await page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true });
  });
});

/** The page's WebGL contexts, as `contexts`. */
const REMEMBER_CONTEXTS = `
  globalThis.contexts = [];
  for (const { prototype } of [HTMLCanvasElement, OffscreenCanvas]) {
    const { getContext } = prototype;
    prototype.getContext = function (type, ...rest) {
      const made = getContext.call(this, type, ...rest);
      if (made && type.startsWith('webgl')) contexts.push(made);
      return made;
    };
  }`;

const FULL_STORAGE = `IDBObjectStore.prototype.put = () => { throw new DOMException('The storage is full.', 'QuotaExceededError'); };`;
