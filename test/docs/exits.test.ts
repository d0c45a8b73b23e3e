import { readFileSync } from 'node:fs';
import { io } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { selfDistil } from '../../packages/examples/src/self-distillation/snippet.js';
import { convolutional, stripes } from '../core/exits/networks.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('docs/exits.md', () => {
  it('shows code that is compiled', () => {
    const [, body = ''] =
      /\/\/ Begin-example\n([\s\S]*?)\n {2}\/\/ End-example/.exec(
        read('packages/examples/src/self-distillation/snippet.ts'),
      ) ?? [];
    const [, shown = ''] = /```ts\n([\s\S]*?)\n```/.exec(read('docs/exits.md')) ?? [];
    expect(shown).toBe(body.replaceAll(/^ {2}/gm, ''));
  });

  it('and that runs', async () => {
    const sizes: number[] = [];
    const handler = io.withSaveHandler((artifacts) => {
      sizes.push((artifacts.weightData as ArrayBuffer).byteLength);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    });
    const [data, validation] = [stripes(96), stripes(48, 2)];
    const result = await selfDistil(convolutional(), { data, validation, x: validation.x }, handler);
    expect(result.rows.map(({ name }) => name)).toEqual(['exit_conv2', 'exit_conv3', 'logits', 'ensemble']);
    expect(result.chosen.accuracy).toBeGreaterThanOrEqual(0.7);
    expect(result.cost).toBeCloseTo(result.chosen.cost, 1);
    expect(result.probabilities.shape).toEqual([48, 3]);
    const [body, kept] = sizes;
    expect(kept).toBeGreaterThan(body!);
    expect(sizes).toHaveLength(3);
    result.student.dispose();
  });
});
