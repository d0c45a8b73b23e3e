import { dispose } from '@tensorflow/tfjs-core';
import { type Batch } from '../../Batch.js';
import { asTeacherSource, type TeacherLike } from '../asTeacherSource.js';
import { outputTensors, type TeacherOutputs, type TeacherSource } from '../TeacherSource.js';

/** The batch of the step to come, and the one behind it. */
const AHEAD = 2;

interface Started {
  readonly taps: string;
  readonly outputs: Promise<TeacherOutputs>;
}

/**
 * A teacher that is asked for the next batch while the student trains on this one. Worth it for teachers
 * that work elsewhere: a server, a worker, another process. One that runs on the same thread gains
 * nothing, for its forward pass would only run earlier.
 *
 * @param teacher Taken over: disposing the result disposes it.
 * @returns Source whose outputs the caller owns. What was started and is not asked for is freed.
 * @example
 * const teacher = prefetchingTeacher(async ({ x }) => tensor(await askServer(x)));
 */
export function prefetchingTeacher(teacher: TeacherLike): TeacherSource {
  const source = asTeacherSource(teacher);
  const started = new Map<Batch, Started>(); // oldest first
  const forget = (batch: Batch) => {
    started.get(batch)?.outputs.then(
      (unused) => dispose(outputTensors(unused)),
      () => undefined,
    );
    started.delete(batch);
  };
  return {
    name: source.name,
    signature: source.signature,
    ...(source.members && { members: source.members }),
    prefetch: (batch, taps = []) => {
      forget(batch);
      const outputs = Promise.resolve().then(() => source.outputs(batch, taps));
      outputs.catch(() => undefined); // told by `outputs`
      started.set(batch, { taps: taps.join(), outputs });
      for (const old of [...started.keys()].slice(0, -AHEAD)) forget(old);
    },
    outputs: (batch, taps = []) => {
      const ahead = started.get(batch);
      if (ahead?.taps !== taps.join()) return source.outputs(batch, taps);
      started.delete(batch);
      return ahead.outputs;
    },
    dispose: () => {
      for (const batch of [...started.keys()]) forget(batch);
      source.dispose?.();
    },
  };
}
