import * as z from 'zod';
import { runSchema } from './runSchema.js';

/** The schema of a run's configuration for editors, as JSON Schema (draft 2020-12). */
export function runJsonSchema(): object {
  return z.toJSONSchema(runSchema, {
    io: 'input',
    reused: 'ref',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // functions, such as schedules in code: no file can hold one
      if (zodSchema._zod.def.type === 'custom') jsonSchema.not = {};
    },
  });
}
