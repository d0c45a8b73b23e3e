/**
 * A distillation loss of one's own, used in three ways: called from code, named in a configuration, and as a plain
 * function. The first two are one loss and train to the same weights.
 *
 *   npm run example:custom-criterion              1,000 labelled digits
 *   npm run example:custom-criterion -- --full    10,000 of them, 3 seeds
 */
import { losses, type Scalar, type Tensor, train as optimizers } from '@tensorflow/tfjs-core';
import {
  criteriaModule,
  type CriterionLike,
  labelsOnly,
  prepareCompression,
  rememberingTeacher,
} from '@tfjs-distill/core';
import { smallNet } from '../compression-manager/smallNet.js';
import { digitsPlan } from '../example/digitsPlan.js';
import { mnistSamples } from '../example/mnistSamples.js';
import { seedsOf } from '../example/planOf.js';
import { runExample, say } from '../example/runExample.js';
import { shippedTeacher } from '../example/shippedTeacher.js';
import { huberLogits } from './huberLogits.js';

/** In JSON or YAML the same: what `distill run` reads. */
const FROM_CONFIG = { type: 'huber-logits', delta: 2, weight: 0.5 };

const WAYS: Readonly<Record<string, () => CriterionLike>> = {
  'labels alone': () => labelsOnly,
  'huber-logits, from code': () => huberLogits({ delta: 2, weight: 0.5 }),
  'huber-logits, from a configuration': () => FROM_CONFIG,
  'a plain function': () => (teacher: Tensor, student: Tensor) =>
    losses.absoluteDifference<Tensor, Scalar>(teacher, student),
};

await runExample({
  name: 'custom-criterion',
  description: 'A distillation loss of one’s own, from code and from a configuration.',
  run: async (options) => {
    const plan = digitsPlan(options);
    const { images, epochs } = plan;
    const seeds = seedsOf(plan);
    const { train, test } = await mnistSamples(images, plan.testImages, options.data);
    const teacher = rememberingTeacher(await shippedTeacher());

    const rows = [];
    for (const [name, criterion] of Object.entries(WAYS)) {
      const values: number[] = [];
      for (const seed of seeds) {
        const student = smallNet(seed);
        const manager = prepareCompression(student, {
          teacher,
          criterion: criterion(),
          modules: [criteriaModule([huberLogits])], // makes the type known to configurations
          optimizer: optimizers.adam(2e-3),
        });
        await manager.fit(train, { epochs, seed });
        const { accuracy = NaN } = await manager.evaluate(test);
        say(`${name}, seed ${seed}: ${(100 * accuracy).toFixed(2)} %`);
        values.push(100 * accuracy);
        manager.dispose();
        student.dispose();
      }
      rows.push({ name, values });
    }
    return { measure: 'test accuracy, %', seeds, settings: { ...plan, criterion: FROM_CONFIG }, rows };
  },
});
