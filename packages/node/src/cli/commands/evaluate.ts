import { Command, Option } from 'commander';
import { type EngineName } from '../../engine/engine.js';
import { type CompressionMetrics } from '../../evaluation/compressionMetrics.js';
import { type Evaluation } from '../../evaluation/Evaluation.js';
import { sampleCount } from '../numbers.js';
import { print, printJson } from '../print.js';
import { textTable } from '../textTable.js';

interface Flags {
  readonly data: string;
  readonly path?: string;
  readonly split: 'train' | 'test';
  readonly limit?: number;
  readonly teacher?: string;
  readonly outputs?: 'logits' | 'probabilities';
  readonly latency: boolean;
  readonly json?: boolean;
  readonly engine?: string;
}

/** `distill evaluate`: what a model is worth, beside its teacher. */
export const evaluate = (): Command =>
  new Command('evaluate')
    .description('measure a model: accuracy, calibration, confusion, size, speed; likeness to a teacher')
    .argument('<model>', "a model's folder or file, or a run's folder: its distilled student")
    .requiredOption('--data <name>', 'mnist, fashion-mnist, cifar10, a file or folder, or a module')
    .option('--path <folder>', "where a named data set's files are")
    .addOption(new Option('--split <name>', 'which samples').choices(['train', 'test']).default('test'))
    .option('--limit <n>', 'use only the first n samples', sampleCount)
    .option(
      '--teacher <model>',
      'compare with it: a model, a SavedModel, an .onnx file, the address of a server',
    )
    .addOption(
      new Option('--outputs <kind>', 'what the model ends in; default: seen from its last layer').choices([
        'logits',
        'probabilities',
      ]),
    )
    .option('--no-latency', 'do not measure time')
    .option('--json', 'print JSON')
    .option('--engine <name>', 'tensorflow-gpu, tensorflow, wasm or cpu; default the fastest that runs here')
    .action(async (model: string, flags: Flags) => {
      const result = await measured(model, flags);
      if (flags.json) printJson(result);
      else for (const line of await lines(result)) print(line);
    });

interface Result {
  readonly model: string;
  readonly data: string;
  readonly engine: string;
  readonly evaluation: Evaluation;
  readonly teacher?: Evaluation;
  readonly compression?: CompressionMetrics;
}

async function measured(path: string, flags: Flags): Promise<Result> {
  const { data, split, limit, outputs, latency } = flags;
  const { selectEngine } = await import('../../engine/selectEngine.js');
  const { openDataset, specOf } = await import('../../data/openDataset.js');
  const { everyRow } = await import('../../data/sampleTensors.js');
  const { inOrder } = await import('../../data/sampleBatches.js');
  const { compressionMetrics } = await import('../../evaluation/compressionMetrics.js');
  const { evaluateModel } = await import('../../evaluation/evaluateModel.js');
  const { openSubject } = await import('../../evaluation/openSubject.js');
  const { studentOf } = await import('../../export/studentOf.js');
  const { engine } = await selectEngine({ engine: flags.engine as EngineName | undefined });
  const kept = limit === undefined ? {} : { limit: { [split]: limit } };
  const dataset = await openDataset({ ...specOf(data), ...(flags.path && { path: flags.path }), ...kept });
  const batches = inOrder(dataset[split], everyRow(dataset[split]), 256);
  const { model } = await studentOf(path);
  const subject = await openSubject(model);
  const teacher = flags.teacher === undefined ? undefined : await openSubject(flags.teacher);
  try {
    const { classNames } = dataset;
    const options = { classNames, ...(!latency && { latency }) };
    const evaluation = await evaluateModel(subject, batches, {
      ...options,
      ...(outputs && { outputs }),
      ...(teacher && { teacher }),
    });
    const found = { model: path, data: `${dataset.name}, ${split}`, engine, evaluation };
    if (teacher === undefined) return found;
    const ofTeacher = await evaluateModel(teacher, batches, options);
    return { ...found, teacher: ofTeacher, compression: compressionMetrics(ofTeacher, evaluation) };
  } finally {
    subject.dispose?.();
    teacher?.dispose?.();
  }
}

async function lines({ model, data, engine, evaluation, teacher, compression }: Result): Promise<string[]> {
  const { cellsOf } = await import('../../report/evaluationCells.js');
  const { percent, trimmed } = await import('../../report/texts.js');
  const networks = [
    ...(teacher ? [{ label: 'teacher', evaluations: [teacher] }] : []),
    { label: teacher ? 'student' : 'model', evaluations: [evaluation] },
  ];
  const { modelSizeReduction, inferenceSpeedup } = compression ?? {};
  const compressed = [
    modelSizeReduction !== undefined && `size reduction ${percent(modelSizeReduction, 1)}`,
    inferenceSpeedup !== undefined && `inference speed-up ${trimmed(inferenceSpeedup)} times`,
  ].filter(Boolean);
  const classes = evaluation.classes.map(({ name, samples, precision, recall, f1 }) => [
    name,
    String(samples),
    percent(precision),
    percent(recall),
    percent(f1),
  ]);
  return [
    `${model} on ${evaluation.samples} samples of ${data}, ${engine} engine.`,
    textTable(cellsOf(networks)),
    ...(compressed.length > 0 ? [`${compressed.join(', ')}.`] : []),
    textTable([['class', 'samples', 'precision', 'recall', 'F1'], ...classes]),
  ];
}
