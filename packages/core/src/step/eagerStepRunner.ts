import {
  type NamedTensorMap,
  type Optimizer,
  scalar,
  type Tensor,
  tidy,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { DistillError, messageOf } from '../errors.js';
import { type StepRunner, type StepWork } from './StepRunner.js';

/** Runs a step kernel by kernel, on any engine. */
export const eagerStepRunner: StepRunner = {
  asksTeacher: true,
  run: (work) => {
    const { student, batch, taps, variables, taskLoss, hooks } = work;
    work.askTeacher?.();
    tidy(() => {
      const { grads } = gradientsOf(variables, () => {
        const output = student.forward(batch.x, { training: true, taps });
        const loss = batch.y === undefined ? scalar(0) : taskLoss(batch.y, output.output, batch.weights);
        return hooks.onAfterComputeLoss(batch.x, output, loss);
      });
      applyGradients(work, hooks.onBeforeOptimizerStep(grads));
    });
  },
};

/** The end of a step: moves the weights by the gradients that the hooks have left. Call it inside a `tidy`. */
export function applyGradients({ optimizer, variables, hooks }: StepWork, grads: NamedTensorMap): void {
  if (Object.keys(grads).length === 0) return; // a plugin gathers them for a later step
  optimizer.applyGradients(inPlace(grads, variables));
  hooks.onAfterOptimizerStep();
}

/**
 * Gradients with those that are missing left as gaps: the optimizers of tf.train keep their moments by position,
 * and one that vanishes would give each variable behind it another's.
 */
function inPlace(
  grads: NamedTensorMap,
  variables: StepWork['variables'],
): Parameters<Optimizer['applyGradients']>[0] {
  const names = new Set([...variables.map(({ name }) => name), ...Object.keys(grads)]);
  return [...names].map((name) => ({ name, tensor: grads[name] as Tensor })); // none: the optimizer passes over it
}

function gradientsOf(variables: StepWork['variables'], loss: Parameters<typeof variableGrads>[0]) {
  try {
    return variableGrads(loss, [...variables] as Variable[]);
  } catch (error) {
    if (!/Cannot find a connection/.test(messageOf(error))) throw error;
    throw new DistillError('OPTION', "The loss does not depend on any of the student's variables.", {
      hint: 'Compute it from the student outputs, and give the student its variables.',
      cause: error,
    });
  }
}
