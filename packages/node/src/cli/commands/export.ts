import { Command, Option } from 'commander';
import { type EngineName } from '../../engine/engine.js';
import { type ExportFormatName, type ExportReport } from '../../export/exportStudent.js';
import { type Quantization } from '../../export/quantizeWeights.js';
import { print, printJson } from '../print.js';

interface Flags {
  readonly output: string;
  readonly format: ExportFormatName;
  readonly quantize?: Quantization;
  readonly data?: string;
  readonly path?: string;
  readonly exits?: true;
  readonly title?: string;
  readonly license?: string;
  readonly json?: boolean;
  readonly engine?: string;
}

/** Samples that the exported model is compared on. */
const SAMPLES = 256;

/** `distill export`: a student alone, small, for use. */
export const exportCommand = (): Command =>
  new Command('export')
    .description(
      'write a student for use: alone, its weights stored small, compared with itself, with a model card',
    )
    .argument('<model>', "a run's folder: its distilled student; or a model's folder or model.json")
    .requiredOption('--output <folder>', 'where to')
    .addOption(
      new Option(
        '--format <name>',
        'saved-model: for Python and TensorFlow Serving; needs a tensorflow engine',
      )
        .choices(['layers-model', 'saved-model'])
        .default('layers-model'),
    )
    .addOption(new Option('--quantize <kind>', 'how to store weights').choices(['float16', 'uint8']))
    .option('--data <name>', 'compare outputs on its first test samples; default: on random numbers')
    .option('--path <folder>', "where a named data set's files are")
    .option('--exits', 'keep the exits of a model that has some')
    .option('--title <text>', "the model card's title; default the run's or model's name")
    .option('--license <name>', 'for the model card, e.g. mit')
    .option('--json', 'print JSON')
    .option('--engine <name>', 'tensorflow-gpu, tensorflow, wasm or cpu; default the fastest that runs here')
    .action(async (model: string, flags: Flags) => {
      const report = await exported(model, flags);
      if (flags.json) printJson(report);
      else for (const line of await lines(report)) print(line);
    });

async function exported(path: string, flags: Flags): Promise<ExportReport> {
  const { expected, isLayersModel } = await import('@tfjs-distill/core');
  const { selectEngine } = await import('../../engine/selectEngine.js');
  const { exportStudent } = await import('../../export/exportStudent.js');
  const { studentOf } = await import('../../export/studentOf.js');
  const { openModel } = await import('../../models/openModel.js');
  await selectEngine({ engine: flags.engine as EngineName | undefined });
  const { model, record, training } = await studentOf(path);
  const student = await openModel(model);
  const { title = record?.name, license, format, quantize, exits } = flags;
  const sample = flags.data === undefined ? undefined : await samplesOf(flags.data, flags.path);
  try {
    if (!isLayersModel(student))
      throw expected('model', 'a model of layers', 'a graph', {
        where: 'export',
        hint: 'It is ready for use as it is.',
      });
    return await exportStudent(student, flags.output, {
      format,
      quantize,
      exits,
      sample,
      card: { title, license, record, evaluation: training?.evaluation },
    });
  } finally {
    sample?.dispose();
    student.dispose();
  }
}

async function samplesOf(data: string, path: string | undefined) {
  const { openDataset, specOf } = await import('../../data/openDataset.js');
  const { sampleTensors } = await import('../../data/sampleTensors.js');
  const dataset = await openDataset({
    ...specOf(data),
    ...(path && { path }),
    limit: { train: 1, test: SAMPLES },
  });
  const { x, y } = sampleTensors(dataset.test);
  y.dispose();
  return x;
}

async function lines({ directory, format, bytes, quantize, comparison }: ExportReport): Promise<string[]> {
  const { bytesText, percent } = await import('../../report/texts.js');
  const stored = quantize === 'none' ? 'float32 weights' : `weights stored as ${quantize}`;
  const name = format === 'saved-model' ? 'SavedModel' : 'LayersModel';
  const { samples, maxDifference, relativeDifference, agreement } = comparison;
  return [
    `${directory}: ${name}, ${bytesText(bytes)}, ${stored}.`,
    `Loaded again and compared on ${samples} samples: outputs differ by at most ${maxDifference.toPrecision(2)} ` +
      `(${percent(relativeDifference)} of the largest), ${percent(agreement)} of the answers are the same.`,
  ];
}
