import { io } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, hasChromium } from './chromium.js';
import { useDemo } from './useDemo.js';

describe.skipIf(!hasChromium())(`trouble on the demo page (skipped where ${CHROMIUM} is missing)`, () => {
  // a service worker would answer before the faults of these tests
  const demo = useDemo({ serviceWorkers: 'block' });
  const backendIs = (name: string) =>
    demo.page.locator(`body[data-backend=${name}]`).waitFor({ timeout: 120_000 });
  /** Another test digit, known by the teacher. */
  const answersGoOn = async () => {
    await demo.page.locator('#clear').click();
    await demo.teacherSays('–');
    await demo.page.locator('#example').click();
    await demo.page.locator('#teacher .digit', { hasText: /\d/ }).waitFor();
  };

  it('says that there is no network, and what to do', async () => {
    await demo.page.route('**/teacher/weights.bin', (route) => route.abort());
    await demo.open();
    await demo.problemHas('teacher');
    expect(await demo.page.locator('#problem').textContent()).toMatch(/network/);
  });

  it('says that digits to train on cannot be had, and trains when they can', async () => {
    await demo.page.route('**/data/train.images', (route) => route.abort());
    await demo.open();
    await demo.page.locator('#distil').click();
    await demo.problemHas('data/train.images could not be downloaded: is there a network?');
    await demo.page.unroute('**/data/train.images');
    await demo.distil();
    expect(await demo.page.locator('#problem').isHidden()).toBe(true);
  });

  it('refuses files that are no model of digits, and keeps the student', async () => {
    await demo.open();
    const choose = (...files: readonly File[]) => demo.page.locator('#files').setInputFiles([...files]);
    await choose({ name: 'model.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
    await demo.problemHas('model');
    await choose({ name: 'weights.bin', mimeType: '', buffer: Buffer.alloc(8) });
    await demo.problemHas('Choose model.json together with its .bin files.');
    await choose(...(await flowerModel()));
    await demo.problemHas('This model takes 4 and gives 3 numbers; digits are 28×28×1 and give 10.');
    expect(await demo.page.locator('#teacher .digit').textContent()).toBe('7');
  });

  it('says that the browser lacks a backend, and goes on with another', async () => {
    await demo.page.addInitScript("Object.defineProperty(navigator, 'gpu', { value: undefined });");
    await demo.open();
    await demo.page.locator('#backend').selectOption('webgpu');
    await demo.problemHas('WebGPU does not work in this browser: WebAssembly goes on.');
    expect(await demo.page.locator('#backend').inputValue()).toBe('wasm');
    await answersGoOn();
  });

  it('goes on by WebAssembly when the WebGL context is lost, and with a new one if asked', async () => {
    await demo.page.addInitScript(REMEMBER_CONTEXTS);
    await demo.open();
    await demo.page.locator('#backend').selectOption('webgl');
    await backendIs('webgl');
    await demo.page.evaluate(LOSE_CONTEXTS);
    await demo.problemHas('The graphics card gave up (WebGL). Nothing is lost: WebAssembly goes on.');
    expect(await demo.page.locator('#backend').inputValue()).toBe('wasm');
    await answersGoOn();
    await demo.page.locator('#backend').selectOption('webgl');
    await backendIs('webgl');
    await answersGoOn();
  });

  it('goes on by WebAssembly when the WebGPU device is lost, and with a new one if asked', async ({
    skip,
  }) => {
    await demo.page.addInitScript(REMEMBER_DEVICES);
    await demo.open();
    if (!(await demo.page.evaluate('navigator.gpu?.requestAdapter().then(Boolean)')))
      return skip('no WebGPU here');
    await demo.page.locator('#backend').selectOption('webgpu');
    await backendIs('webgpu');
    await demo.page.evaluate('devices.forEach((device) => device.destroy())');
    await demo.problemHas('The graphics card gave up (WebGPU). Nothing is lost: WebAssembly goes on.');
    expect(await demo.page.locator('#backend').inputValue()).toBe('wasm');
    await answersGoOn();
    await demo.page.locator('#backend').selectOption('webgpu');
    await backendIs('webgpu');
    await answersGoOn();
  });

  it('stops when a worker that trains by WebGL loses its context, and goes on from what was kept', async () => {
    const { page } = demo;
    await demo.open();
    await page.locator('#distil').click();
    await demo.stateHas(/Step ([3-9]\d|\d{3})/);
    await page.reload();
    await demo.stateHas('left unfinished');
    await page.route('**/*.wasm', (route) => route.abort());
    await page.route('**/distilWorker*.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: REMEMBER_CONTEXTS + (await response.text()) });
    });
    await page.locator('#distil', { hasText: 'Resume' }).click();
    await demo.stateHas('Step ');
    await page.workers()[0]!.evaluate(LOSE_CONTEXTS);
    await demo.problemHas('The training stopped: the graphics card gave up.');
    await page.unroute('**/*.wasm');
    await page.locator('#distil', { hasText: 'Resume' }).click();
    await demo.stateHas(/Step ([3-9]\d|\d{3})/);
  });

  it('trains to the end where nothing can be stored, and says so', async () => {
    await demo.page.addInitScript(FULL_STORAGE);
    await demo.open();
    // workers get no init scripts: there the quota itself is nothing
    const session = await demo.context.newCDPSession(demo.page);
    const { origin } = new URL(demo.address);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 0 });
    await demo.distil();
    await demo.studentSays('7');
    await demo.problemHas('could not be kept for your next visit');
  });
});

interface File {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A model for something else: 4 numbers to 3 classes. */
async function flowerModel(): Promise<File[]> {
  const model = sequential({ layers: [layers.dense({ units: 3, inputShape: [4] })] });
  let files: File[] = [];
  await model.save(
    io.withSaveHandler(({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      const topology = JSON.stringify({ modelTopology, weightsManifest });
      const weights = io.CompositeArrayBuffer.join(weightData);
      files = [
        { name: 'model.json', mimeType: 'application/json', buffer: Buffer.from(topology) },
        { name: 'weights.bin', mimeType: '', buffer: Buffer.from(weights) },
      ];
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  model.dispose();
  return files;
}

/** The WebGL contexts that are made, as `contexts`. */
const REMEMBER_CONTEXTS = `
  globalThis.contexts = [];
  for (const { prototype } of [globalThis.HTMLCanvasElement, OffscreenCanvas].filter(Boolean)) {
    const { getContext } = prototype;
    prototype.getContext = function (type, ...rest) {
      const made = getContext.call(this, type, ...rest);
      if (made && type.startsWith('webgl')) contexts.push(made);
      return made;
    };
  }
`;
const LOSE_CONTEXTS = "contexts.forEach((gl) => gl.getExtension('WEBGL_lose_context').loseContext())";

/** The WebGPU devices that are made, as `devices`. */
const REMEMBER_DEVICES = `
  globalThis.devices = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const made = await requestDevice.apply(this, options);
    devices.push(made);
    return made;
  };`;

const FULL_STORAGE = `IDBObjectStore.prototype.put = () => { throw new DOMException('The storage is full.', 'QuotaExceededError'); };`;
