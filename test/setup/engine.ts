/** Every test file runs on one engine: cpu unless TEST_ENGINE names another. */
import { selectEngine, type EngineName } from '@tfjs-distill/node/engine';

await selectEngine({ engine: (process.env['TEST_ENGINE'] ?? 'cpu') as EngineName });
