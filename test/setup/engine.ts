/** Every test file runs on one engine: cpu unless TEST_ENGINE names another. */
import '@tensorflow/tfjs-backend-cpu';
import { ready, scalar, setBackend } from '@tensorflow/tfjs-core';

const name = process.env['TEST_ENGINE'] ?? 'cpu';
if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
await setBackend(name);
await ready();

// the first write on cpu advises to install tfjs-node; said here, once, where no test listens
const { warn } = console;
console.warn = () => undefined;
scalar(0).dispose();
console.warn = warn;
