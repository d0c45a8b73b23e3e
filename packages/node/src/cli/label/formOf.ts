import { expected, unknownName } from '@tfjs-distill/core';
import { type LabelForm } from '../../label/labelHeader.js';
import { type LabelFlags } from './LabelFlags.js';

/** What the flags say is to be stored. */
export function formOf(flags: LabelFlags): LabelForm & Required<Pick<LabelForm, 'features'>> {
  const { kind, k, temperature, dtype, features = [] } = flags;
  if (kind === 'features' && features.length === 0)
    throw expected('--features', 'the names of what to store, for kind features', undefined);
  if (kind === 'top-k' && k === undefined) throw expected('--k', 'given for kind top-k', k);
  if (kind !== 'top-k' && k !== undefined)
    throw unknownName('option for this kind', '--k', ['--kind top-k'], { where: 'distill label' });
  return {
    kind: kind === 'top-k' ? 'topK' : kind === 'features' ? 'logits' : kind,
    dtype,
    ...(k !== undefined && { k }),
    ...(temperature !== undefined && { temperature }),
    features,
  };
}
