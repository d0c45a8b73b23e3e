import { type Batch } from '../Batch.js';
import { type StepContext } from '../context.js';
import { type ContextObserver } from './StepScope.js';

/** What stays the same from step to step, or is a tensor. */
const STEADY = new Set<PropertyKey>([
  'student',
  'teacher',
  'optimizer',
  'epochs',
  'studentOutputs',
  'teacherOutputs',
  'labels',
  'taskLoss',
  'record',
]);

/** The same context, whose reads an observer hears. */
export function watchedContext<C extends StepContext>(ctx: C, observer: ContextObserver): C {
  const get = (target: C, key: PropertyKey): unknown => {
    if (key === 'batch') return watchedBatch(target.batch, observer);
    if (key === 'knob') {
      return (...[knob, name]: Parameters<StepContext['knob']>) => {
        observer.knob(knob);
        return target.knob(knob, name);
      };
    }
    if (!STEADY.has(key)) observer.read(String(key));
    return Reflect.get(target, key, target); // private fields know only the target itself
  };
  return new Proxy(ctx, { get });
}

function watchedBatch(batch: Batch, observer: ContextObserver): Batch {
  const get = (target: Batch, key: PropertyKey): unknown => {
    if (key === 'ids') observer.read('batch.ids');
    return Reflect.get(target, key, target);
  };
  return new Proxy(batch, { get });
}
