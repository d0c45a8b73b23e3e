import { type Batch } from '../../Batch.js';
import { DistillError, expected } from '../../errors.js';
import { type TeacherSource } from '../TeacherSource.js';
import { outputShape, type StoreHeader } from './StoreHeader.js';
import { type TeacherStore } from './TeacherStore.js';

const where = 'storedTeacher';

export interface StoredTeacherOptions {
  readonly name?: string;
  /**
   * `match` uses an output only for the view of the sample that it was computed from, as `batch.view`
   * says. `ignore` uses it for every view: right where an augmentation does not change what the
   * teacher would say. Default `match`.
   */
  readonly augmentation?: 'match' | 'ignore';
}

/**
 * A teacher that answers from a store, by the batch's sample ids: nothing of the teacher runs.
 *
 * @param stores One store, or one for each view of the samples; all with the same outputs. They stay yours.
 * @returns Source of `[…batch, classes]` logits and of the stored features. The caller owns what it gives.
 * @throws DistillError from `outputs`: `OPTION` if a batch has no ids or asks for a feature that is not
 *   stored, `DATA` if a sample or its view is not stored.
 * @example
 * const teacher = storedTeacher(await openTeacherStore('labels/mnist', { teacher: 'aa11' }));
 * const { logits } = await teacher.outputs({ x, ids: Int32Array.of(7) }); // [1, 10]
 */
export function storedTeacher(
  stores: TeacherStore | readonly TeacherStore[],
  { name = 'stored', augmentation = 'match' }: StoredTeacherOptions = {},
): TeacherSource {
  const all: readonly TeacherStore[] = 'rows' in stores ? [stores] : stores;
  const [first] = all;
  if (first === undefined) throw expected('stores', 'at least one store', stores, { where });
  assertAlike(all.map(({ header }) => header));
  const storeOf = ({ view = 'none' }: Batch): TeacherStore | undefined =>
    all.find(({ header }) => header.augmentation === view) ?? (augmentation === 'ignore' ? first : undefined);
  const prefetch = (batch: Batch, taps: readonly string[] = []) => {
    if (batch.ids !== undefined) storeOf(batch)?.prefetch?.(batch.ids, taps);
  };
  const { features } = first.header;
  return {
    name,
    signature: {
      output: outputShape(first.header),
      features: Object.fromEntries(Object.entries(features).map(([tap, shape]) => [tap, [null, ...shape]])),
    },
    outputs: (batch, taps = []) => {
      const store = storeOf(batch);
      if (store === undefined) throw otherView(batch.view ?? 'none', all);
      return store.rows(idsOf(batch), taps);
    },
    ...(all.some((store) => 'prefetch' in store) && { prefetch }),
  };
}

function idsOf({ ids }: Batch): Int32Array {
  if (ids !== undefined) return ids;
  throw expected('batch.ids', 'one id per sample', ids, {
    where,
    hint: 'Data in memory has them; give batches of your own as { x, y, ids }.',
  });
}

function assertAlike(headers: readonly StoreHeader[]): void {
  const [first, ...rest] = headers.map(({ classes, positions, features, teacher }) =>
    JSON.stringify([teacher, positions, classes, features]),
  );
  if (rest.every((other) => other === first)) return;
  throw new DistillError('DATA', 'Expected stores of one teacher and one shape, got different ones.', {
    where,
  });
}

function otherView(view: string, stores: readonly TeacherStore[]): DistillError {
  const known = stores.map(({ header }) => `"${header.augmentation}"`).join(', ');
  const message = `Expected samples in the view that the teacher saw (${known}), got "${view}".`;
  return new DistillError('DATA', message, {
    where,
    hint: "Label this view too, or pass `augmentation: 'ignore'` to use outputs across views.",
  });
}
