import { readFile } from 'node:fs/promises';
import { corePlugins, HOOK_NAMES, SCHEDULES } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { historyFile, tensorBoard } from '../../packages/node/src/plugins/index.js';

const page = await readFile(new URL('../../docs/plugins.md', import.meta.url), 'utf8');
const rows = new Map(
  page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => [/`([\w-]+)/.exec(line)?.[1], line] as const),
);

/** Names of the options of a plugin's schema. */
function optionsOf(schema: unknown): string[] {
  return Object.keys((schema as { _zod: { def: { shape: object } } })._zod.def.shape);
}

describe('the page on plugins', () => {
  it.each([...corePlugins, tensorBoard, historyFile].map((plugin) => [plugin.type, plugin] as const))(
    'has %s with all of its options',
    (type, plugin) => {
      const row = rows.get(type) ?? '';
      for (const option of optionsOf(plugin.options)) expect(row).toContain(`\`${option}\``);
    },
  );

  it('names hooks that exist', () => {
    const named = [...rows.values()].flatMap((row) => row.match(/\bon[A-Z]\w+/g) ?? []);
    expect(named.filter((name) => !(HOOK_NAMES as string[]).includes(name) && name !== 'onRow')).toEqual([]);
  });

  it('has every schedule', () => {
    for (const type of Object.keys(SCHEDULES)) expect(rows.has(type), type).toBe(true);
  });
});
