import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readRunConfig } from '../../../packages/node/src/run/config/readRunConfig.js';
import { gridPoints } from '../../../packages/node/src/run/gridPoints.js';

const FOLDER = 'packages/examples/src/guide-pipeline';
const CONFIG = `${FOLDER}/config.yaml`;

describe('the guide’s configuration', () => {
  it('is its table of hyper-parameters', async () => {
    const { config } = await readRunConfig(CONFIG);
    expect(config).toMatchObject({
      student: 'depthwise-separable',
      criterion: { type: 'kd', temperature: 2, alpha: 0.5 },
      training: { batchSize: 64, optimizer: 'adam', learningRate: 1e-4 },
    });
  });

  it('can be swept as the README says', async () => {
    const readme = await readFile(`${FOLDER}/README.md`, 'utf8');
    const line = readme.split('\n').find((text) => text.startsWith(`npx distill sweep ${CONFIG}`));
    const grids = [...line!.matchAll(/--grid (\S+)/g)].map(([, grid]) => grid!);
    const points = gridPoints(grids);
    expect(points).toHaveLength(9);
    for (const { assignments } of points)
      await expect(readRunConfig(CONFIG, assignments)).resolves.toBeDefined();
  });
});
