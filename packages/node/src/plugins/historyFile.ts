import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { definePlugin, type Logs } from '@tfjs-distill/core';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod/mini';

/**
 * Keeps the history in a file, a line of JSON an epoch, `type: 'history-file'`: `{"epoch":0,"loss":0.52,…}`. A resumed
 * run goes on behind the epochs that its checkpoint has.
 *
 * @example
 * historyFile({ path: 'runs/a/history.jsonl' });
 */
export const historyFile = definePlugin({
  type: 'history-file',
  options: z.strictObject({ path: z.string() }),
  create: ({ path }) => {
    let lines: readonly string[] = [];
    return {
      onTrainBegin: async () => {
        lines = [];
        await mkdir(dirname(path), { recursive: true });
      },
      onEpochEnd: {
        order: 'observer',
        handler: async ({ epoch, logs, complete }) => {
          if (!complete) return; // it goes on in the next run
          lines = [...lines, JSON.stringify({ epoch, ...logs })];
          await writeFileAtomic(path, `${lines.join('\n')}\n`);
        },
      },
      state: () => ({ lines }),
      restore: (state) => void (lines = state['lines'] as readonly string[]),
    };
  },
});

/** The rows of a history file. */
export async function readHistory(path: string): Promise<Logs[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Logs);
}
