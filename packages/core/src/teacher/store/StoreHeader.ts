import * as z from 'zod/mini';
import { parseOptions } from '../../config/parseOptions.js';
import { DistillError, expected, unknownName } from '../../errors.js';
import { type Shape } from '../../models/ModelSignature.js';

/** Changes with the layout of the stored bytes. */
export const STORE_FORMAT = 'tfjs-distill.teacher-store.1';

const wholeNumber = z.int({ error: 'a whole number above 0' }).check(z.gte(1));
const name = z.string().check(z.minLength(1));

const schema = z.strictObject({
  format: z._default(z.literal(STORE_FORMAT), STORE_FORMAT),
  kind: z._default(z.enum(['logits', 'probabilities', 'topK']), 'logits'),
  dtype: z._default(z.enum(['float32', 'float16']), 'float32'),
  classes: wholeNumber,
  positions: z._default(z.array(wholeNumber), []),
  k: z.optional(wholeNumber),
  temperature: z._default(z.number().check(z.gt(0)), 1),
  teacher: name,
  dataset: name,
  augmentation: z._default(name, 'none'),
  features: z._default(z.record(name, z.array(wholeNumber)), {}),
});

/** What a store holds and of what. Two stores may be exchanged exactly if their headers agree. */
export interface StoreHeader {
  readonly format: typeof STORE_FORMAT;
  /**
   * - `logits`: unscaled;
   * - `probabilities`: `softmax(logits / temperature)`;
   * - `topK`: the `k` largest log-probabilities at that temperature, and the mass of all others.
   */
  readonly kind: 'logits' | 'probabilities' | 'topK';
  readonly dtype: 'float32' | 'float16';
  readonly classes: number;
  /** Sizes between sample and class: `[tokens]` for a sequence. Default `[]`. */
  readonly positions: readonly number[];
  /** Stored classes per position, for `topK`. */
  readonly k?: number;
  /** `T` of probabilities and top-k, > 0. Logits have 1. */
  readonly temperature: number;
  /** Fingerprint of the teacher. */
  readonly teacher: string;
  /** Fingerprint of the samples and their ids. */
  readonly dataset: string;
  /** The view of the samples that the teacher saw; `none` for the samples as they are. */
  readonly augmentation: string;
  /** Stored features by name, each with one sample's shape. */
  readonly features: Readonly<Record<string, readonly number[]>>;
}

/** A header with what has a default left out. */
export type StoreHeaderInput = Partial<StoreHeader> & Pick<StoreHeader, 'classes' | 'teacher' | 'dataset'>;

/**
 * Completes and checks a header.
 *
 * @throws DistillError `OPTION` if a key is unknown or a value breaks its rule.
 * @example
 * storeHeader({ classes: 10, teacher: 'aa11', dataset: 'bb22' }).kind; // 'logits'
 */
export function storeHeader(input: StoreHeaderInput): StoreHeader {
  const where = 'storeHeader';
  const header = parseOptions(schema, input, where) as StoreHeader;
  const { kind, k, classes, temperature } = header;
  if (kind === 'logits' && temperature !== 1) {
    throw expected('temperature', '1, for logits are stored unscaled', temperature, { where });
  }
  if ((kind === 'topK') !== (k !== undefined)) {
    throw expected('k', kind === 'topK' ? 'given for `topK`' : 'left out but for `topK`', k, { where });
  }
  if (k !== undefined && k > classes) throw expected('k', `at most ${classes}, the classes`, k, { where });
  return header;
}

/**
 * Refuses a store that is not the one asked for.
 *
 * @param wanted The keys to compare; what is left out is not asked for.
 * @throws DistillError `DATA`: "Expected stored teacher outputs with teacher aa11, found cc33."
 */
export function assertHeader(found: StoreHeader, wanted: Partial<StoreHeader>, where: string): void {
  for (const [key, value] of Object.entries(wanted)) {
    const got = found[key as keyof StoreHeader];
    if (value === undefined || canonical(got) === canonical(value)) continue;
    const message = `Expected stored teacher outputs with ${key} ${readable(value)}, found ${readable(got)}.`;
    throw new DistillError('DATA', message, { where });
  }
}

/** What `assertHeader` compares, as one text. */
export function sameHeader(a: StoreHeader, b: StoreHeader): boolean {
  return canonical(a) === canonical(b);
}

/** @throws DistillError `OPTION` if a feature is not stored. */
export function assertTaps(taps: readonly string[], features: Readonly<Record<string, unknown>>): void {
  const missing = taps.find((tap) => !(tap in features));
  if (missing === undefined) return;
  throw unknownName('stored feature', missing, Object.keys(features), { where: 'TeacherStore.rows' });
}

/** Shape of a batch of outputs. */
export function outputShape({ positions, classes }: StoreHeader, batch: number | null = null): Shape {
  return [batch, ...positions, classes];
}

/** JSON with its keys in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown): unknown =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function readable(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
}
