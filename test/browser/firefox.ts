import { existsSync } from 'node:fs';
import { type Browser, launch } from 'puppeteer-core';

/** The system's own Firefox; `FIREFOX` names another. */
export const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';

export const hasFirefox = (): boolean => existsSync(FIREFOX);

/** Headless, over WebDriver BiDi: Playwright drives only builds of Firefox that know its latest commands. */
export function launchFirefox(): Promise<Browser> {
  return launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
}
