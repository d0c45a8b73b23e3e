import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { preview, type PreviewServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { buildDemo } from '../../packages/examples/browser-demo/build/buildDemo.js';
import { launchChromium } from './chromium.js';

const OUT = fileURLToPath(new URL('../../.cache/browser/demo', import.meta.url));
/** Of a training that takes seconds: 12 epochs of 20 batches. */
export const STEPS = 240;

let built: Promise<void> | undefined;

/** Serves the demo, with fewer digits than it has by default. */
export async function serveDemo(): Promise<{ readonly address: string; readonly server: PreviewServer }> {
  built ??= buildDemo({ out: OUT, train: 1280, test: 100 });
  await built;
  const server = await preview({
    root: OUT,
    configFile: false,
    logLevel: 'error',
    build: { outDir: OUT },
    preview: { port: 0, host: '127.0.0.1' },
  });
  return { address: server.resolvedUrls?.local[0] ?? '', server };
}

/** The demo's page in Chromium. */
export class Demo {
  address = '';
  context!: BrowserContext;
  page!: Page;
  /** What the page complained about in the console. */
  complaints: string[] = [];

  async enter(context: BrowserContext): Promise<void> {
    this.context = context;
    this.page = await context.newPage();
    this.complaints = [];
    this.page.on('pageerror', ({ message }) => this.complaints.push(message));
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
  }

  async open(): Promise<void> {
    await this.page.goto(this.address);
    await this.page.locator('body[data-ready]').waitFor();
  }

  stateHas(text: string | RegExp): Promise<void> {
    return this.page.locator('#state', { hasText: text }).waitFor({ timeout: 280_000 });
  }

  problemHas(text: string): Promise<void> {
    return this.page.locator('#problem', { hasText: text }).waitFor({ timeout: 120_000 });
  }

  studentSays(digit: string): Promise<void> {
    return this.page.locator('#student .digit', { hasText: digit }).waitFor();
  }

  teacherSays(digit: string): Promise<void> {
    return this.page.locator('#teacher .digit', { hasText: digit }).waitFor();
  }

  async distil(): Promise<void> {
    await this.page.locator('#distil').click();
    await this.stateHas(`Done after ${STEPS} steps`);
  }
}

/** A demo for each test of a suite, without what earlier ones stored. */
export function useDemo(options: BrowserContextOptions = {}): Demo {
  const demo = new Demo();
  let server: PreviewServer;
  let browser: Browser;
  beforeAll(async () => {
    ({ address: demo.address, server } = await serveDemo());
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(async () => demo.enter(await browser.newContext(options)));
  afterEach(() => demo.context.close());
  return demo;
}
