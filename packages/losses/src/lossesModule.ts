import { criteriaModule, type CriterionFactory, type Module } from '@tfjs-distill/core';
import { activationBoundary } from './activationBoundary.js';
import { activationPattern } from './activationPattern.js';
import { attentionTransfer } from './attentionTransfer.js';
import { beYourOwnTeacher } from './beYourOwnTeacher.js';
import { channelWise } from './channelWise.js';
import { classwiseSelf } from './classwiseSelf.js';
import { contrastiveRepresentation } from './contrastiveRepresentation.js';
import { correlationCongruence } from './correlationCongruence.js';
import { cosineHidden } from './cosineHidden.js';
import { curriculumTemperature } from './curriculumTemperature.js';
import { decoupledKd } from './decoupledKd.js';
import { dist } from './dist.js';
import { factorTransfer } from './factorTransfer.js';
import { flowOfSolution } from './flowOfSolution.js';
import { generalizedJsd } from './generalizedJsd.js';
import { gradientMatching } from './gradientMatching.js';
import { hint } from './hint.js';
import { interChannelCorrelation } from './interChannelCorrelation.js';
import { knowledgeDistillation } from './knowledgeDistillation.js';
import { logitsMse } from './logitsMse.js';
import { maskedGeneration } from './maskedGeneration.js';
import { multiLevelKd } from './multiLevelKd.js';
import { mutualLearning } from './mutualLearning.js';
import { neuronSelectivity } from './neuronSelectivity.js';
import { overhaul } from './overhaul.js';
import { pearsonFeature } from './pearsonFeature.js';
import { probabilisticTransfer } from './probabilisticTransfer.js';
import { relational } from './relational.js';
import { reusedClassifier } from './reusedClassifier.js';
import { reverseKl } from './reverseKl.js';
import { reviewKd } from './reviewKd.js';
import { selfDistillation } from './selfDistillation.js';
import { similarityPreserving } from './similarityPreserving.js';
import { simpleRecipe } from './simpleRecipe.js';
import { standardizedKd } from './standardizedKd.js';
import { topKKl } from './topKKl.js';
import { totalVariation } from './totalVariation.js';
import { variationalInformation } from './variationalInformation.js';
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
  fitnet: hint,
  cosine: cosineHidden,
  at: attentionTransfer,
  sp: similarityPreserving,
  pkt: probabilisticTransfer,
  nst: neuronSelectivity,
  fsp: flowOfSolution,
  cc: correlationCongruence,
  vid: variationalInformation,
  ab: activationBoundary,
  ofd: overhaul,
  ft: factorTransfer,
  cwd: channelWise,
  'review-kd': reviewKd,
  simkd: reusedClassifier,
  ickd: interChannelCorrelation,
  mgd: maskedGeneration,
  srd: simpleRecipe,
  pearson: pearsonFeature,
  'activation-pattern': activationPattern,
  gradient: gradientMatching,
  // relations, peers and self
  rkd: relational,
  crd: contrastiveRepresentation,
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
