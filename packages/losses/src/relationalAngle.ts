import {
  add,
  expandDims,
  matMul,
  mul,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { apart, type PairGeometry, pairGeometry } from './pairGeometry.js';
import { smoothL1 } from './smoothL1.js';
import { type ValueAndGradient } from './withGradient.js';

/** Squared distances below this part of the squared lengths are rounding: such a pair spans no angle. */
const ROUNDING = 1e-6;

/**
 * How the angles among the samples differ: `Σ shareᵢ shareⱼ shareₖ · smoothL1(aᵢⱼₖ(s) − aᵢⱼₖ(t))`, with
 * `aᵢⱼₖ = cos ∠(j, i, k)`, 0 where two of the three are one.
 *
 * From the Gram matrix: `⟨eⱼ − eᵢ, eₖ − eᵢ⟩ = Gⱼₖ − Gᵢⱼ − Gᵢₖ + Gᵢᵢ`, so that memory is batch³ and not
 * batch³ or batch² times `d`.
 *
 * @param teacher, student `[batch, d]` each with a `d` of its own.
 * @param shares Weight of each sample, `[batch]`, or one for all.
 * @returns Scalar and gradient to `student`; belong to the caller's `tidy`.
 */
export function relationalAngle(teacher: Tensor, student: Tensor, shares: Tensor | number): ValueAndGradient {
  const geometry = pairGeometry(student);
  const inverse = inverseDistances(geometry);
  const angles = cosines(geometry, inverse); // [vertex, batch, batch]
  const theirs = tidy(() => {
    const other = pairGeometry(teacher);
    return cosines(other, inverseDistances(other));
  });
  const { value, slope } = smoothL1(sub(angles, theirs));
  const pull = weigh(slope, shares);
  return { value: sum(weigh(value, shares)), gradient: gradient(pull, angles, inverse, geometry) };
}

function inverseDistances(geometry: PairGeometry): Tensor2D {
  return mul(apart(geometry, ROUNDING), rsqrt(geometry.squaredDistances));
}

function cosines({ gram, squares }: PairGeometry, inverse: Tensor2D): Tensor {
  const fromVertex = sub(gram, mul(squares, 0.5)); // Gᵢⱼ − ½ Gᵢᵢ
  const products = sub(sub(expandDims(gram, 0), expandDims(fromVertex, 2)), expandDims(fromVertex, 1));
  return mul(mul(products, expandDims(inverse, 2)), expandDims(inverse, 1));
}

function weigh(values: Tensor, shares: Tensor | number): Tensor {
  if (typeof shares === 'number') return mul(values, shares ** 3);
  const pairs = mul(expandDims(shares, 0), expandDims(shares, 1));
  return mul(mul(values, expandDims(pairs, 0)), expandDims(expandDims(shares, 1), 2));
}

/**
 * The gradient to the samples: angles depend on them through the products `⟨eⱼ − eᵢ, eₖ − eᵢ⟩` and through
 * the distances, both of which the Gram matrix has.
 *
 * @param pull Derivative by each angle, `[vertex, batch, batch]`, symmetric in the last two.
 */
function gradient(pull: Tensor, angles: Tensor, inverse: Tensor2D, { centred }: PairGeometry): Tensor {
  const scaled = mul(pull, expandDims(inverse, 1));
  const byGram = sum(mul(scaled, expandDims(inverse, 2)), 0); // as Gⱼₖ
  const byVertex = mul(inverse, sum(scaled, 2)); // as Gᵢⱼ, as Gᵢₖ and, summed, as Gᵢᵢ
  const nearer = mul(square(inverse), sum(mul(pull, angles), 2)); // by the squared distances, negated
  const apart = sub(byGram, sub(mul(byVertex, 2), nearer));
  const matrix = add(add(apart, transpose(apart)), add(nearer, transpose(nearer)));
  const diagonal = sub(sum(byVertex, 1, true), add(sum(nearer, 1, true), expandDims(sum(nearer, 0), 1)));
  return add(matMul(matrix as Tensor2D, centred), mul(mul(diagonal, 2), centred));
}
