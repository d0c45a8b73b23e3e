import { type DistillError, shapeMismatch } from '../errors.js';
import { type Shape } from '../models/ModelSignature.js';
import { type AdapterKind } from './Adapter.js';
import { type ProjectionType } from './projection.js';

/** One thing that an adapter does; several make a plan. */
export type AdapterStep =
  | { readonly type: 'average' }
  | { readonly type: 'pool' | 'resize'; readonly sizes: readonly number[] }
  | { readonly type: ProjectionType; readonly from: number; readonly to: number };

/** A free size fits any; it stays as it is. */
type Size = number | null;

/**
 * What it takes to bring a feature from one shape to another.
 *
 * @param from, to `[batch, …sizes, channels]`; the batch is not looked at, other free sizes fit any.
 * @returns The steps in order; none if the shapes agree.
 * @throws DistillError that names both shapes if this kind cannot match them.
 *
 * @example
 * chooseAdapter([null, 8, 8, 16], [null, 4, 4, 32]);
 * // [{ type: 'pool', sizes: [4, 4] }, { type: 'conv1x1', from: 16, to: 32 }]
 */
export function chooseAdapter(from: Shape, to: Shape, kind: AdapterKind = 'auto'): readonly AdapterStep[] {
  const fail = (rule: string, hint: string) => mismatch(from, to, kind, rule, hint);
  if (from.length < 2 || to.length < 2) throw fail('features with batch and channels', 'Tap another layer.');
  const averaged = to.length === 2 && from.length > 2;
  if (from.length !== to.length && !averaged) {
    throw fail(
      'features of one rank',
      'Tap layers of one kind; only a map or a sequence can become a vector.',
    );
  }
  const sizes = averaged ? undefined : changedSizes(from.slice(1, -1), to.slice(1, -1));
  const channels = projection(kind, from.at(-1) ?? null, to.at(-1) ?? null, averaged ? 2 : from.length, fail);
  const learnsNothing = kind === 'identity' || kind === 'pool' || kind === 'resize';
  if (learnsNothing && channels.length > 0) {
    throw fail('features with as many channels', "Adapter 'auto' or 'conv1x1' projects them.");
  }
  if (kind === 'identity' && (averaged || sizes !== undefined)) {
    throw fail('features of one shape', "Adapter 'auto' pools or resizes them.");
  }
  if (averaged) return [{ type: 'average' }, ...channels];
  if (sizes === undefined) return channels;
  if (kind === 'pool' || kind === 'resize') return [{ type: kind, sizes: sizes.to }];
  return [...shrink(sizes), ...channels, ...grow(sizes)];
}

interface Sizes {
  readonly from: readonly Size[];
  readonly to: readonly number[];
}

/** The sizes to reach, or `undefined` where nothing needs to change. */
function changedSizes(from: readonly Size[], to: readonly Size[]): Sizes | undefined {
  const changed = to.some((size, i) => size !== null && size !== from[i]);
  if (!changed || to.some((size) => size === null)) return undefined;
  return { from, to: to as readonly number[] };
}

/** Pooling before the projection makes it cheap; a free size is pooled, whichever way that goes. */
function shrink({ from, to }: Sizes): AdapterStep[] {
  const sizes = to.map((size, i) => Math.min(size, from[i] ?? size));
  return sizes.some((size, i) => size !== from[i]) ? [{ type: 'pool', sizes }] : [];
}

function grow({ from, to }: Sizes): AdapterStep[] {
  return to.some((size, i) => size > (from[i] ?? size)) ? [{ type: 'resize', sizes: to }] : [];
}

function projection(
  kind: AdapterKind,
  from: Size,
  to: Size,
  rank: number,
  fail: (rule: string, hint: string) => DistillError,
): AdapterStep[] {
  const asked = kind === 'linear' || kind === 'conv1x1' || kind === 'conv3x3';
  if (!asked && from === to) return [];
  if (from === null || to === null) throw fail('known numbers of channels', 'Give the models their shapes.');
  if (kind === 'conv3x3' && rank !== 4)
    throw fail('maps for a 3×3 convolution', "Adapter 'linear' takes any rank.");
  return [{ type: asked ? kind : rank === 2 ? 'linear' : 'conv1x1', from, to }];
}

function mismatch(from: Shape, to: Shape, kind: string, rule: string, hint: string): DistillError {
  return shapeMismatch(rule, { from, to }, { where: `adapter '${kind}'`, hint });
}
