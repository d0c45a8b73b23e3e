import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** The system's own Chromium; `CHROMIUM` names another. */
export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export const hasChromium = (): boolean => existsSync(CHROMIUM);

/** Headless, with WebGL and WebGPU computed on the processor where there is no graphics card. */
export function launchChromium(): Promise<Browser> {
  const args = [
    '--no-sandbox', // of a container's root
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--enable-unsafe-webgpu',
    '--use-webgpu-adapter=swiftshader',
    '--enable-features=Vulkan',
  ];
  return chromium.launch({ executablePath: CHROMIUM, args });
}
