import { registerStepCompiler } from '@tfjs-distill/core';
import { nativeBackend } from './binding.js';
import { CompiledStepRunner } from './CompiledStepRunner.js';
import { replaceGather } from './gatherKernel.js';

export { type CompiledForward, compileForward, type Forward } from './compileForward.js';
export { compiledTeacher } from './compiledTeacher.js';
export { CompiledStepRunner } from './CompiledStepRunner.js';

/** Lets managers compile their steps wherever native TensorFlow is the backend. `selectEngine` calls it. */
export function offerCompiledSteps(): void {
  replaceGather();
  registerStepCompiler({
    usable: () => nativeBackend() !== undefined,
    create: (options) => new CompiledStepRunner(options),
  });
}
