import { losses, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type History, prepareCompression } from '@tfjs-distill/core';
import { hint, intermediateLayers, knowledgeDistillation } from '@tfjs-distill/losses';

interface Data {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Several pairs of layers at once, each with its own loss. */
export async function severalPairs(student: LayersModel, teacher: LayersModel, data: Data): Promise<History> {
  // Begin-pairs
  const manager = prepareCompression(student, {
    teacher,
    criterion: intermediateLayers({
      mappings: [
        ['conv1', 'block1'], // a hint, through the adapter that the shapes ask for
        { student: 'conv2', teacher: 'block2', loss: { type: 'at', variant: 'paper' }, weight: 500 },
        { student: 'hidden', teacher: 'embedding', loss: (t, s) => losses.meanSquaredError(t, s) },
      ],
      taskWeight: 1,
    }),
  });
  const history = await manager.fit(data, { epochs: 3 });
  // End-pairs
  manager.dispose();
  return history;
}

/** FitNets in two stages. */
export async function fitNets(student: LayersModel, teacher: LayersModel, data: Data): Promise<History> {
  // Begin-stages
  const manager = prepareCompression(student, {
    teacher,
    stages: [
      {
        epochs: 2,
        criterion: hint({ student: 'conv2', teacher: 'block2', taskWeight: 0 }),
        train: 'adapters+upTo:conv2',
      },
      { epochs: 3, criterion: knowledgeDistillation({ temperature: 4, alpha: 0.1 }) },
    ],
  });
  const history = await manager.fit(data); // 5 epochs; each row of the history says its stage
  // End-stages
  manager.dispose();
  return history;
}
