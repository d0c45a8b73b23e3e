import * as z from 'zod/mini';
import { type Knob, type Schedule } from '../Schedule.js';
import { type ScheduleConfig, SCHEDULES } from '../schedules.js';
import { type Schema } from './parseOptions.js';

const ramp = {
  from: z.number(),
  to: z.number(),
  warmUp: z.optional(z.number().check(z.gte(0), z.lt(1))),
};

/** A schedule as config files write it: `{ type: 'linear', from: 10, to: 1 }`. */
export const scheduleSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('constant'), value: z.number() }),
  z.strictObject({ type: z.literal('linear'), ...ramp }),
  z.strictObject({ type: z.literal('cosine'), ...ramp }),
  z.strictObject({ type: z.literal('exponential'), ...ramp }),
  z.strictObject({ type: z.literal('step'), from: z.number(), every: z.number(), factor: z.number() }),
  z.strictObject({ type: z.literal('warm-up'), to: z.number(), part: z.number() }),
  z.strictObject({ type: z.literal('annealing'), from: z.optional(z.number()), to: z.optional(z.number()) }),
]);

export interface KnobBounds {
  /** What a fixed number must exceed. */
  readonly above?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What an option that is a knob accepts: a number within bounds, a schedule, or a schedule as JSON. */
export type KnobInput = Knob | ScheduleConfig;

/** Schema of a number-or-schedule option. The bounds hold for fixed numbers; a schedule is checked as it runs. */
export function knobSchema({ above, atLeast, atMost }: KnobBounds = {}): Schema<Knob, KnobInput> {
  const checks = [
    ...(above === undefined ? [] : [z.gt(above)]),
    ...(atLeast === undefined ? [] : [z.gte(atLeast)]),
    ...(atMost === undefined ? [] : [z.lte(atMost)]),
  ];
  const rule = `${ruleOf({ above, atLeast, atMost } as KnobBounds)}, or a schedule`;
  const schedule = z.custom<Schedule>((value) => typeof value === 'function');
  const config = z.pipe(
    scheduleSchema,
    z.transform((value) => (SCHEDULES[value.type] as (options: unknown) => Schedule)(value)),
  );
  return z.union([z.number().check(...checks), schedule, config], { error: rule });
}

function ruleOf({ above, atLeast, atMost }: KnobBounds): string {
  const parts = [
    above !== undefined && `above ${above}`,
    atLeast !== undefined && `at least ${atLeast}`,
    atMost !== undefined && `at most ${atMost}`,
  ].filter(Boolean);
  return `a number${parts.length > 0 ? ` ${parts.join(' and ')}` : ''}`;
}
