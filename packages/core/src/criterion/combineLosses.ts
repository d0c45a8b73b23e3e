import { add, addN, mul, reshape, type Scalar } from '@tensorflow/tfjs-core';
import { type LossContext } from '../context.js';
import { DistillError, show } from '../errors.js';
import { isTensor } from '../Batch.js';
import { type Criterion } from './Criterion.js';

/**
 * The loss that is minimized: `taskWeight · task + Σ weight · term`.
 *
 * The task's loss enters once, with the sum of the weights that the criteria claim of it, or with 1
 * if none claims any. Each unweighted term is recorded under its criterion's type.
 *
 * @param taskLoss Scalar of the task.
 * @returns Scalar; belongs to the caller's `tidy`.
 *
 * @example
 * // task 2, kd with alpha 0.1 and term 5: 0.1 · 2 + 0.9 · 5 = 4.7
 * combineLosses(taskLoss, [knowledgeDistillation({ alpha: 0.1 })], ctx);
 */
export function combineLosses(taskLoss: Scalar, criteria: readonly Criterion[], ctx: LossContext): Scalar {
  const claim = claimOnTask(criteria, ctx);
  ctx.record('task', taskLoss, claim);
  let loss = weighted(taskLoss, claim);
  for (const criterion of criteria) {
    const term = termOf(criterion, ctx);
    const weight = ctx.knob(criterion.weight ?? 1, `${criterion.type}.weight`);
    ctx.record(criterion.type, term, weight);
    const part = weighted(term, weight);
    loss = loss === undefined ? part : part === undefined ? loss : add(loss, part);
  }
  return loss ?? mul(taskLoss, 0);
}

/**
 * Where the losses of several teachers are averaged: the mean, by weight, of the term for each teacher alone. A
 * criterion on inner layers names the teacher whose layers they are, so it is computed once.
 */
function termOf(criterion: Criterion, ctx: LossContext): Scalar {
  const members = ctx.teacher?.members ?? [];
  const once = criterion.requires?.teacher === false || (criterion.taps?.teacher ?? []).length > 0;
  if (members.length === 0 || once) return scalarOf(criterion, criterion.compute(ctx));
  const terms = members.map(({ name, weight }) => {
    const term = scalarOf(
      criterion,
      ctx.hearing(name, () => criterion.compute(ctx)),
    );
    ctx.record(`${criterion.type}/${name}`, term);
    return mul<Scalar>(term, weight);
  });
  return terms.length === 1 ? (terms[0] as Scalar) : addN(terms);
}

function claimOnTask(criteria: readonly Criterion[], ctx: LossContext): number {
  const claims = criteria.flatMap(({ type, taskWeight }) =>
    taskWeight === undefined ? [] : [ctx.knob(taskWeight, `${type}.taskWeight`)],
  );
  return claims.length === 0 ? 1 : claims.reduce((sum, claim) => sum + claim, 0);
}

/** A term of weight 0 is left out altogether: no gradient runs through it. */
function weighted(term: Scalar, weight: number): Scalar | undefined {
  if (weight === 0) return undefined;
  return weight === 1 ? term : mul(term, weight);
}

function scalarOf({ type }: Criterion, term: unknown): Scalar {
  if (isTensor(term) && term.size === 1) return (term.rank === 0 ? term : reshape(term, [])) as Scalar;
  const got = isTensor(term) ? `a tensor of shape [${term.shape.join(', ')}]` : show(term);
  throw new DistillError('SHAPE', `Expected criterion "${type}" to return a scalar, got ${got}.`, {
    hint: 'Reduce it, for example by mean(loss).',
  });
}
