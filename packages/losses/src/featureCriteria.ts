import { activationBoundary } from './activationBoundary.js';
import { activationPattern } from './activationPattern.js';
import { attentionTransfer } from './attentionTransfer.js';
import { channelWise } from './channelWise.js';
import { contrastiveRepresentation } from './contrastiveRepresentation.js';
import { correlationCongruence } from './correlationCongruence.js';
import { cosineHidden } from './cosineHidden.js';
import { factorTransfer } from './factorTransfer.js';
import { flowOfSolution } from './flowOfSolution.js';
import { hint } from './hint.js';
import { interChannelCorrelation } from './interChannelCorrelation.js';
import { maskedGeneration } from './maskedGeneration.js';
import { neuronSelectivity } from './neuronSelectivity.js';
import { overhaul } from './overhaul.js';
import { pearsonFeature } from './pearsonFeature.js';
import { probabilisticTransfer } from './probabilisticTransfer.js';
import { relational } from './relational.js';
import { reviewKd } from './reviewKd.js';
import { similarityPreserving } from './similarityPreserving.js';
import { simpleRecipe } from './simpleRecipe.js';
import { variationalInformation } from './variationalInformation.js';

/** Criteria that compare named layers of both sides and nothing else: what a pair of layers can be given. */
export const featureCriteria = {
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
  ickd: interChannelCorrelation,
  mgd: maskedGeneration,
  srd: simpleRecipe,
  pearson: pearsonFeature,
  'activation-pattern': activationPattern,
  rkd: relational,
  crd: contrastiveRepresentation,
} as const;

/** Those that compare samples with each other, so that a map may stand beside a vector. */
export const COMPARING_SAMPLES: readonly string[] = ['sp', 'pkt', 'cc', 'rkd', 'crd'];
