import { criteriaModule, type CriterionFactory, type Module } from '@tfjs-distill/core';
import { knowledgeDistillation } from './knowledgeDistillation.js';

/** Every criterion by its type. */
export const criteria = {
  kd: knowledgeDistillation,
} as const satisfies Record<string, CriterionFactory>;

/**
 * Makes all criteria known to configurations by their types.
 *
 * @example
 * prepareCompression(student, { teacher, criterion: { type: 'kd', alpha: 0.1 }, modules: [lossesModule] });
 */
export const lossesModule: Module = criteriaModule(Object.values(criteria));
