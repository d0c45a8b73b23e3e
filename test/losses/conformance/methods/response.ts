import {
  curriculumTemperature,
  decoupledKd,
  dist,
  generalizedJsd,
  knowledgeDistillation,
  logitsMse,
  multiLevelKd,
  reverseKl,
  standardizedKd,
  topKKl,
  totalVariation,
  virtualTeacher,
  weightedSoftLabels,
} from '@tfjs-distill/losses';
import { type Method } from '../Method.js';

const sequence = [3, 5];

/** Methods that compare logits. */
export const methods: readonly Method[] = [
  { factory: knowledgeDistillation },
  { factory: knowledgeDistillation, options: { temperature: 2, reduction: 'mean' }, logits: sequence },
  { factory: knowledgeDistillation, options: { activation: 'sigmoid' } },
  {
    factory: knowledgeDistillation,
    options: { probabilityShift: true },
    floor: 'the teacher is put right and the student is not',
  },
  { factory: logitsMse },
  { factory: logitsMse, options: { centred: true }, logits: sequence },
  { factory: reverseKl },
  { factory: reverseKl, options: { temperature: 3 }, logits: sequence },
  { factory: generalizedJsd },
  { factory: generalizedJsd, options: { beta: 0 } },
  { factory: generalizedJsd, options: { beta: 1 } },
  { factory: generalizedJsd, options: { beta: 0.1, temperature: 2 }, logits: sequence },
  { factory: topKKl, options: { k: 3 } },
  { factory: topKKl, options: { k: 3, tail: 'renormBoth', temperature: 2 }, logits: sequence },
  {
    factory: topKKl,
    options: { k: 3, tail: 'teacherOnly' },
    floor: 'the student gives something to the classes that were left out',
  },
  { factory: topKKl, options: { k: 64 } },
  { factory: decoupledKd },
  { factory: decoupledKd, options: { beta: 2, temperature: 2 }, logits: sequence },
  { factory: dist },
  // the authors' 1e-8 beside the product of the norms, times T²
  { factory: dist, options: { beta: 2, gamma: 0.5, temperature: 4 }, logits: sequence, tolerance: 1e-4 },
  { factory: standardizedKd },
  { factory: curriculumTemperature },
  { factory: curriculumTemperature, options: { reversal: -1, range: 5 }, logits: sequence },
  { factory: multiLevelKd },
  { factory: multiLevelKd, options: { temperatures: [4] }, logits: sequence },
  { factory: weightedSoftLabels, floor: 'it is a cross-entropy' },
  { factory: virtualTeacher, floor: 'the teacher is not asked' },
  { factory: totalVariation },
  { factory: totalVariation, options: { temperature: 2 }, logits: sequence },
];
