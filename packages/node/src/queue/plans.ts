import { type Redis } from 'ioredis';
import { type LabellingPlan, parsePlan, planId, planText } from './LabellingPlan.js';
import { PREFIX } from './names.js';

const planKey = (id: string) => `${PREFIX}:plan:${id}`;
const retriesKey = (id: string) => `${PREFIX}:retries:${id}`;

/** Tells all workers about a labelling. */
export async function putPlan(redis: Redis, plan: LabellingPlan): Promise<void> {
  await redis.set(planKey(planId(plan)), planText(plan));
}

/** @returns `undefined` if the labelling is over. */
export async function getPlan(redis: Redis, id: string): Promise<LabellingPlan | undefined> {
  const text = await redis.get(planKey(id));
  return text === null ? undefined : parsePlan(text);
}

export async function removePlan(redis: Redis, id: string): Promise<void> {
  await redis.del(planKey(id), retriesKey(id));
}

/** Counts that a shard was begun again. */
export async function countRetry(redis: Redis, id: string): Promise<void> {
  await redis.incr(retriesKey(id));
}

export async function retriesOf(redis: Redis, id: string): Promise<number> {
  return Number((await redis.get(retriesKey(id))) ?? 0);
}
