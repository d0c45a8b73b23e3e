import { type Tensor } from '@tensorflow/tfjs-core';
import {
  asTeacherSource,
  expected,
  type Shape,
  type TeacherLike,
  type TeacherSource,
} from '@tfjs-distill/core';

/**
 * Several students as one teacher, for mutual learning: the first one's logits are the teacher's, those of
 * the others are its features `peer2`, `peer3`, ….
 *
 * @param peers Everything that can be a teacher. Stay yours.
 * @returns Source whose outputs the caller owns.
 * @throws DistillError if there is no peer.
 *
 * @example
 * prepareCompression(a, { teacher: peerTeachers([b, c]), criterion: mutualLearning({ peers: ['peer2'] }) });
 */
export function peerTeachers(peers: readonly TeacherLike[]): TeacherSource {
  const [first, ...others] = peers.map(asTeacherSource);
  if (first === undefined)
    throw expected('peers', 'a list of one or more models', peers, { where: 'peerTeachers' });
  const named = others.map((source, i) => [`peer${i + 2}`, source] as const);
  const shapes = named.map(([name, { signature }]) => [name, signature.output ?? []] as const);
  return {
    name: peers.length === 1 ? first.name : 'peers',
    signature: { ...first.signature, features: Object.fromEntries<Shape>(shapes) },
    outputs: async (batch) => {
      const { logits } = await first.outputs(batch);
      const features: Record<string, Tensor> = {};
      for (const [name, source] of named) features[name] = (await source.outputs(batch)).logits;
      return { logits, features };
    },
  };
}
