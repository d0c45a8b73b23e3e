import {
  activationBoundary,
  attentionTransfer,
  channelWise,
  correlationCongruence,
  cosineHidden,
  factorTransfer,
  flowOfSolution,
  hint,
  intermediateLayers,
  neuronSelectivity,
  overhaul,
  probabilisticTransfer,
  similarityPreserving,
  variationalInformation,
} from '@tfjs-distill/losses';
import { type Method } from '../Method.js';

const layer = { student: 'map', teacher: 'map' };
const layers = { student: ['map', 'end'], teacher: ['map', 'end'] };
const same = { map: [4, 4, 3], end: [2, 2, 5] };
const features = { student: same, teacher: same };
const vectors = { student: { map: [6] }, teacher: { map: [6] } };
const apart = { student: { map: [6, 6, 2], end: [2, 2, 3] }, teacher: same };

const ADAPTED = 'its adapters are learned';
const base = { features } as const;

/** Methods that compare features of two layers, or of several. */
export const methods: readonly Method[] = [
  { ...base, factory: hint, options: layer },
  { ...base, factory: hint, options: layers, features: apart, floor: ADAPTED },
  { ...base, factory: intermediateLayers, options: { mappings: [['map', 'map'], { ...layer, loss: 'at' }] } },
  {
    ...base,
    factory: intermediateLayers,
    options: {
      mappings: [
        { student: 'map', teacher: 'end', adapter: 'conv1x1', weight: 2 },
        { ...layers, loss: { type: 'at', variant: 'paper' }, adapter: 'conv1x1' },
      ],
    },
    features: apart,
    floor: ADAPTED,
  },
  { ...base, factory: cosineHidden, options: { ...layer, over: 'position' } },
  { ...base, factory: cosineHidden, options: layer, features: vectors },
  { ...base, factory: attentionTransfer, options: layers },
  { ...base, factory: attentionTransfer, options: { ...layer, variant: 'paper' }, tolerance: 1e-6 },
  { ...base, factory: similarityPreserving, options: layer },
  { ...base, factory: probabilisticTransfer, options: layer, features: vectors },
  { ...base, factory: neuronSelectivity, options: layers },
  { ...base, factory: flowOfSolution, options: layers },
  { ...base, factory: correlationCongruence, options: layer, features: vectors },
  {
    ...base,
    factory: variationalInformation,
    options: layer,
    features: apart,
    floor: 'it regresses with learned convolutions',
  },
  { ...base, factory: activationBoundary, options: layers, features: apart, floor: ADAPTED },
  {
    ...base,
    factory: activationBoundary,
    options: { ...layer, adapter: 'identity', batchNorm: false },
    floor: 'it wants responses beyond the margin',
  },
  { ...base, factory: overhaul, options: layers, features: apart, floor: ADAPTED },
  { ...base, factory: overhaul, options: { ...layer, adapter: 'identity', batchNorm: false } },
  {
    ...base,
    factory: factorTransfer,
    options: { ...layer, pretrainEpochs: 0 },
    floor: 'its translator is learned',
  },
  {
    ...base,
    factory: factorTransfer,
    options: { ...layer, kernel: 'conv1x1', pretrainEpochs: 100, batchNorm: false },
    floor: 'its paraphraser is learned',
  },
  { ...base, factory: channelWise, options: layer },
];
