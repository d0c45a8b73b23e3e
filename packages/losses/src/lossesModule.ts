import { criteriaModule, type CriterionFactory, type Module } from '@tfjs-distill/core';
import { beYourOwnTeacher } from './beYourOwnTeacher.js';
import { classwiseSelf } from './classwiseSelf.js';
import { curriculumTemperature } from './curriculumTemperature.js';
import { decoupledKd } from './decoupledKd.js';
import { dist } from './dist.js';
import { featureCriteria } from './featureCriteria.js';
import { generalizedJsd } from './generalizedJsd.js';
import { gradientMatching } from './gradientMatching.js';
import { intermediateLayers } from './intermediateLayers.js';
import { knowledgeDistillation } from './knowledgeDistillation.js';
import { logitsMse } from './logitsMse.js';
import { multiLevelKd } from './multiLevelKd.js';
import { mutualLearning } from './mutualLearning.js';
import { reusedClassifier } from './reusedClassifier.js';
import { reverseKl } from './reverseKl.js';
import { selfDistillation } from './selfDistillation.js';
import { standardizedKd } from './standardizedKd.js';
import { topKKl } from './topKKl.js';
import { totalVariation } from './totalVariation.js';
import { virtualTeacher } from './virtualTeacher.js';
import { weightedSoftLabels } from './weightedSoftLabels.js';

/** Every criterion by its type. */
export const criteria = {
  // logits
  kd: knowledgeDistillation,
  'logits-mse': logitsMse,
  'reverse-kl': reverseKl,
  jsd: generalizedJsd,
  'top-k-kl': topKKl,
  dkd: decoupledKd,
  dist,
  'standardized-kd': standardizedKd,
  ctkd: curriculumTemperature,
  mlkd: multiLevelKd,
  wsld: weightedSoftLabels,
  'tf-kd': virtualTeacher,
  tvd: totalVariation,
  // features
  ...featureCriteria,
  'intermediate-layers': intermediateLayers,
  simkd: reusedClassifier,
  gradient: gradientMatching,
  // peers and self
  dml: mutualLearning,
  byot: beYourOwnTeacher,
  'self-distillation': selfDistillation,
  'cs-kd': classwiseSelf,
} as const satisfies Record<string, CriterionFactory>;

/**
 * Makes all criteria known to configurations by their types.
 *
 * @example
 * prepareCompression(student, { teacher, criterion: { type: 'kd', alpha: 0.1 }, modules: [lossesModule] });
 */
export const lossesModule: Module = criteriaModule(Object.values(criteria));
