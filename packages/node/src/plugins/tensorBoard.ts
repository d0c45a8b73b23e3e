import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { definePlugin, type Logs, stepRow } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { fileHeader, scalarEvent } from './eventFile.js';

/** Columns of a step that say where it is, and nothing of it. */
const PLACE = new Set(['step', 'epoch']);

/**
 * Writes event files for TensorBoard, `type: 'tensorboard'`: `step/loss`, each term and the learning rate every so many
 * steps, and each number of an epoch's row as `epoch/…`. A resumed run begins a file of its own in the same folder.
 *
 * @example
 * tensorBoard({ dir: 'runs/a/tensorboard' }); // then: tensorboard --logdir runs/a
 */
export const tensorBoard = definePlugin({
  type: 'tensorboard',
  options: z.strictObject({
    /** Folder of the event files. */
    dir: z.string(),
    /** Looks at every so many-th step; each look reads the losses back. */
    every: z._default(z.int().check(z.gte(1)), 10),
  }),
  create: ({ dir, every }) => {
    let file = '';
    const add = (step: number, scalars: Logs) =>
      appendFile(file, scalarEvent(Date.now() / 1000, step, scalars));
    return {
      onTrainBegin: async () => {
        const now = Date.now() / 1000;
        file = join(dir, `events.out.tfevents.${Math.floor(now)}.${hostname()}.${process.pid}.${serial++}`);
        await mkdir(dir, { recursive: true });
        await writeFile(file, fileHeader(now));
      },
      onStepEnd: {
        order: 'observer',
        handler: async (ctx) => {
          if (ctx.globalStep % every !== 0) return;
          await add(ctx.globalStep, prefixed('step/', await stepRow(ctx)));
        },
      },
      onEpochEnd: { order: 'observer', handler: ({ epoch, logs }) => add(epoch, prefixed('epoch/', logs)) },
    };
  },
});

/** Several runs of one process in one second have files of their own. */
let serial = 0;

function prefixed(prefix: string, row: Logs): Logs {
  const entries = Object.entries(row).filter(([name]) => !PLACE.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [prefix + name, value]));
}
