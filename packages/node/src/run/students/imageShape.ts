import { expected } from '@tfjs-distill/core';
import { type StudentPlan } from './StudentBuilder.js';

/** The sizes of an image, for students made of convolutions. */
export function imageShape({ inputShape }: StudentPlan, student: string): [number, number, number] {
  const [height, width, channels, ...rest] = inputShape;
  if (height !== undefined && width !== undefined && channels !== undefined && rest.length === 0)
    return [height, width, channels];
  throw expected('student', 'one for these samples', student, {
    where: 'student',
    hint: `It takes images [height, width, channels], the samples are [${inputShape.join(', ')}]: try "mlp".`,
  });
}
