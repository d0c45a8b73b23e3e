import type * as z from 'zod/mini';
import { parseOptions, type Schema } from '../config/parseOptions.js';
import { type Criterion, type Taps } from './Criterion.js';

export interface CriterionDefinition<S extends Schema> {
  /** Name in config files and reports, e.g. `kd`. */
  readonly type: string;
  /** Schema of the options; every option needs a default or is required of the user. */
  readonly options: S;
  /** Layers to tap: fixed, or by the options. */
  readonly taps?: Taps | ((options: z.output<S>) => Taps);
  /** Everything but `type`; called once per criterion, with checked options. */
  create(options: z.output<S>): Omit<Criterion, 'type'>;
}

/** Makes a criterion of options; knows its type and schema, so that config files can name it. */
export interface CriterionFactory<S extends Schema = Schema> {
  (options?: z.input<S>): Criterion;
  readonly type: string;
  readonly options: S;
}

/**
 * A new way of distilling, usable from code and by name from config files.
 *
 * @returns A function from options to a criterion.
 * @throws DistillError at the call of that function if an option breaks the schema.
 *
 * @example
 * export const logitsMse = defineCriterion({
 *   type: 'logits-mse',
 *   options: z.strictObject({ weight: knobSchema() }),
 *   create: ({ weight }) => ({
 *     weight,
 *     compute: ({ teacherOutputs, studentOutputs }) =>
 *       losses.meanSquaredError(teacherOutputs.logits, studentOutputs.output),
 *   }),
 * });
 */
export function defineCriterion<S extends Schema>(definition: CriterionDefinition<S>): CriterionFactory<S> {
  const { type, options: schema, taps } = definition;
  const factory = (input?: z.input<S>): Criterion => {
    const options = parseOptions(schema, input ?? {}, type);
    const tapped = typeof taps === 'function' ? taps(options) : taps;
    const criterion = definition.create(options);
    return Object.assign(criterion, {
      type,
      ...(tapped && { taps: tapped }),
      toJSON: () => ({ type, ...(input as object) }),
    });
  };
  return Object.assign(factory, { type, options: schema });
}
