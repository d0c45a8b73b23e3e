import { labelsOnly, type StageOptions } from '@tfjs-distill/core';
import { hint, knowledgeDistillation } from '@tfjs-distill/losses';
import { TEACHER_FEATURE } from '../example/shippedTeacher.js';
import { GUIDED } from './models.js';

/** A way of training the student: its stages, for as many epochs as all ways have. */
export interface Method {
  readonly name: string;
  readonly stages: (epochs: number) => readonly StageOptions[];
}

/** Share of the epochs that FitNets spends on the hint. */
const HINT_SHARE = 1 / 3;

const kd = () => knowledgeDistillation({ temperature: 4, alpha: 0.1 });

export const METHODS: readonly Method[] = [
  { name: 'labels alone', stages: (epochs) => [{ epochs, criterion: labelsOnly }] },
  { name: 'KD', stages: (epochs) => [{ epochs, criterion: kd() }] },
  {
    name: 'FitNets: hint, then KD',
    stages: (epochs) => {
      const hints = Math.max(1, Math.round(epochs * HINT_SHARE));
      const guide = hint({ student: GUIDED, teacher: TEACHER_FEATURE, weight: 1, taskWeight: 0 });
      return [
        { epochs: hints, criterion: guide, train: `adapters+upTo:${GUIDED}` }, // the regressor and the layers below the guided one
        { epochs: Math.max(1, epochs - hints), criterion: kd() },
      ];
    },
  },
];
