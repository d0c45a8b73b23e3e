import {
  activationPattern,
  beYourOwnTeacher,
  classwiseSelf,
  contrastiveRepresentation,
  gradientMatching,
  interChannelCorrelation,
  maskedGeneration,
  mutualLearning,
  pearsonFeature,
  relational,
  reusedClassifier,
  reviewKd,
  selfDistillation,
  simpleRecipe,
} from '@tfjs-distill/losses';
import { type Method } from '../Method.js';

/** One layer on both sides, of the same name. */
const layers = (name: string) => ({ student: name, teacher: name });
const vectors = { student: { pool: [5] }, teacher: { pool: [5] } };
const maps = { student: { map: [4, 4, 3] }, teacher: { map: [4, 4, 3] } };
const otherMaps = { student: { map: [4, 4, 2] }, teacher: { map: [2, 2, 3] } };
const stages = { stage1: [4, 4, 2], stage2: [2, 2, 3], pool: [3] };
const projected = 'a projection that is drawn at random comes first';

/** Methods that compare relations, train parts of their own, or need no teacher. */
export const methods: readonly Method[] = [
  { factory: relational, options: layers('pool'), features: vectors },
  { factory: relational, options: { ...layers('pool'), angle: 0 }, features: vectors },
  {
    factory: relational,
    options: { ...layers('map'), distance: 0, angleSamples: 4 },
    features: otherMaps,
    floor: 'the two sides differ in shape',
    ordered: 'it draws from a large batch by place',
    unweighted: 'it draws other samples of a smaller batch',
  },
  {
    factory: interChannelCorrelation,
    options: { ...layers('map'), adapter: 'auto' },
    features: maps,
  },
  { factory: interChannelCorrelation, options: layers('map'), features: otherMaps, floor: projected },
  {
    factory: maskedGeneration,
    options: layers('map'),
    features: otherMaps,
    floor: projected,
    ordered: 'each sample has a mask of its own',
  },
  { factory: pearsonFeature, options: layers('map'), features: maps },
  { factory: pearsonFeature, options: layers('map'), features: otherMaps, floor: projected },
  {
    factory: reviewKd,
    options: { student: Object.keys(stages), teacher: Object.keys(stages) },
    features: { student: stages, teacher: stages },
    floor: projected,
    unweighted: 'its batch norms see every sample',
  },
  {
    factory: reusedClassifier,
    options: layers('map'),
    features: otherMaps,
    floor: projected,
    unweighted: 'its batch norms see every sample',
  },
  {
    factory: simpleRecipe,
    options: { ...layers('pool'), adapter: 'identity' },
    features: vectors,
    floor: Math.log(1e-5),
  },
  { factory: simpleRecipe, options: layers('pool'), features: vectors, floor: projected },
  {
    factory: activationPattern,
    options: layers('map'),
    features: maps,
    floor: 'a smooth step is never quite on or off',
  },
  { factory: mutualLearning },
  {
    factory: mutualLearning,
    options: { peers: ['peer2'], temperature: 2 },
    features: { student: { peer2: [10] }, teacher: { peer2: [10] } },
    floor: 'the two peers differ',
  },
  {
    factory: beYourOwnTeacher,
    options: { exits: ['exit1', 'exit2'], features: { exits: ['map', 'map'], deepest: 'pool' } },
    features: { student: { exit1: [10], exit2: [10], map: [4, 4, 3], pool: [5] }, teacher: {} },
    floor: 'it has the task’s loss in it',
  },
  {
    factory: selfDistillation,
    features: {
      student: {
        exit_map: [10],
        feature_exit_map: [4, 4, 3],
        map: [4, 4, 5],
        exit_last: [10],
        last: [2, 2, 4],
      },
      teacher: {},
    },
    floor: 'it has the task’s loss in it',
  },
  {
    factory: selfDistillation,
    options: { exits: 'exit_map', deepest: 'pool', alpha: 1 },
    features: { student: { exit_map: [10], map: [4, 4, 3], pool: [5] }, teacher: {} },
    floor: 'the features differ',
  },
  { factory: classwiseSelf, logits: [3], floor: 'the teacher is not asked' },
  {
    factory: classwiseSelf,
    options: { partners: 'halves' },
    floor: 'the teacher is not asked',
    noSingle: 'a batch in pairs is even',
    ordered: 'halves are by place',
    unweighted: 'a batch in pairs loses a partner',
  },
  {
    factory: contrastiveRepresentation,
    options: { ...layers('pool'), dimensions: 8 },
    features: { student: { pool: [5] }, teacher: { pool: [7] } },
    floor: projected,
  },
  {
    factory: contrastiveRepresentation,
    options: { ...layers('map'), dimensions: 8, negatives: 'otherClasses', temperature: 0.5 },
    features: otherMaps,
    logits: [3],
    floor: projected,
  },
  {
    factory: contrastiveRepresentation,
    options: { ...layers('pool'), dimensions: 8, memory: { samples: 32, negatives: 16 } },
    features: vectors,
    floor: projected,
    ordered: 'what is remembered changes from call to call',
    unweighted: 'other samples are drawn for another batch',
  },
  { factory: gradientMatching, runsModels: 'it runs both models to get their input gradients' },
  {
    factory: gradientMatching,
    options: { of: 'topLogit', normalize: true },
    runsModels: 'it runs both models to get their input gradients',
  },
];
