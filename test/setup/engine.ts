/** Every test file runs on one engine: cpu unless TEST_ENGINE names another. */
import '@tensorflow/tfjs-backend-cpu';
import { ready, setBackend } from '@tensorflow/tfjs-core';

const name = process.env['TEST_ENGINE'] ?? 'cpu';
if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
await setBackend(name);
await ready();
