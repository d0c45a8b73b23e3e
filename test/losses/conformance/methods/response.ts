import { knowledgeDistillation } from '@tfjs-distill/losses';
import { type Method } from '../Method.js';

/** Methods that compare logits. */
export const methods: readonly Method[] = [
  { factory: knowledgeDistillation },
  { factory: knowledgeDistillation, options: { temperature: 2, reduction: 'mean' }, logits: [3, 5] },
];
