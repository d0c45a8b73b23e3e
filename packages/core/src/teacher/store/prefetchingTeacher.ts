import { dispose } from '@tensorflow/tfjs-core';
import { type Batch } from '../../Batch.js';
import { asTeacherSource, type TeacherLike } from '../asTeacherSource.js';
import { outputTensors, type TeacherOutputs, type TeacherSource } from '../TeacherSource.js';

interface Started {
  readonly batch: Batch;
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
  let started: Started | undefined;
  const forget = () => {
    started?.outputs.then(
      (unused) => dispose(outputTensors(unused)),
      () => undefined,
    );
    started = undefined;
  };
  return {
    name: source.name,
    signature: source.signature,
    ...(source.members && { members: source.members }),
    prefetch: (batch, taps = []) => {
      forget();
      const outputs = Promise.resolve().then(() => source.outputs(batch, taps));
      outputs.catch(() => undefined); // told by `outputs`
      started = { batch, taps: taps.join(), outputs };
    },
    outputs: (batch, taps = []) => {
      const ahead = started;
      if (ahead?.batch !== batch || ahead.taps !== taps.join()) return source.outputs(batch, taps);
      started = undefined;
      return ahead.outputs;
    },
    dispose: () => {
      forget();
      source.dispose?.();
    },
  };
}
