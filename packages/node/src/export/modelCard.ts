import { type LayersModel } from '@tensorflow/tfjs-layers';
import { countFlops, totalFlops } from '@tfjs-distill/core';
import { stringify } from 'yaml';
import { compressionMetrics } from '../evaluation/compressionMetrics.js';
import { type Evaluation } from '../evaluation/Evaluation.js';
import { evaluationCells } from '../report/evaluationCells.js';
import { bytesText, countText, percent } from '../report/texts.js';
import { type RunRecord } from '../run/RunRecord.js';
import { type ExportFormatName, type ExportReport } from './exportStudent.js';

/** What a model card knows besides the model. */
export interface CardFacts {
  /** Default the model's name. */
  readonly title?: string | undefined;
  /** One paragraph: what it is for, and what not. */
  readonly description?: string | undefined;
  readonly license?: string | undefined;
  /** Of this very student. */
  readonly evaluation?: Evaluation | undefined;
  /** The run that trained it. */
  readonly record?: RunRecord | undefined;
}

/**
 * A README.md for an exported model: what it takes and gives, how good, large and fast it is beside its teacher and the
 * student trained alone, how it was trained, how to load it. Starts with the metadata that model hubs read.
 */
export function modelCard(
  model: LayersModel,
  { format, bytes, quantize, comparison }: Omit<ExportReport, 'directory'>,
  facts: CardFacts = {},
): string {
  const { title = model.name, description, record } = facts;
  return sections([
    frontMatter(facts),
    `# ${title}`,
    description ?? 'A student network, trained by knowledge distillation with tfjs-distill.',
    '## Model',
    list(modelFacts(model, bytes, quantize)),
    `Written weights against the trained ones, on ${comparison.samples} samples: outputs differ by at most ` +
      `${comparison.maxDifference.toPrecision(2)} (${percent(comparison.relativeDifference)} of the largest), ` +
      `${percent(comparison.agreement)} of the answers are the same.`,
    ...results(facts),
    ...(record ? training(record) : []),
    '## Use',
    use(model, format),
  ]);
}

function use({ inputNames: [input], outputNames: [output] }: LayersModel, format: ExportFormatName): string {
  const lines =
    format === 'saved-model'
      ? [
          '```python',
          'import tensorflow as tf',
          "serve = tf.saved_model.load('.').signatures['serving_default']",
          `logits = serve(**{'${input}': x})['${output}']  # a softmax makes probabilities of them`,
        ]
      : [
          '```js',
          "import { loadLayersModel } from '@tensorflow/tfjs-layers';",
          "const model = await loadLayersModel('model.json'); // in Node: fileSystem('.') of @tfjs-distill/node",
          'const logits = model.predict(x); // a softmax makes probabilities of them',
        ];
  return [...lines, '```'].join('\n');
}

function frontMatter({ license, evaluation }: CardFacts): string {
  const metrics = evaluation && { metrics: [{ type: 'accuracy', value: evaluation.accuracy }] };
  const data = {
    library_name: 'tf.js',
    tags: ['knowledge-distillation'],
    ...(license && { license }),
    ...metrics,
  };
  return `---\n${stringify(data)}---`;
}

function modelFacts(model: LayersModel, bytes: number, quantize: string): string[] {
  const flops = totalFlops(countFlops(model));
  const shape = (sizes: readonly (number | null)[]) => `[${sizes.map((size) => size ?? 'any').join(', ')}]`;
  return [
    ...model.inputs.map((input) => `takes ${shape(input.shape)}, ${input.dtype ?? 'float32'}`),
    ...model.outputs.map((output) => `gives ${shape(output.shape)}, logits of \`${output.name}\``),
    `${countText(model.countParams())} parameters${flops === undefined ? '' : `, ${countText(flops)} FLOPs a sample`}`,
    `${bytesText(bytes)} on disk, weights ${quantize === 'none' ? 'as float32' : `stored as ${quantize}`}`,
  ];
}

function results({ evaluation, record }: CardFacts): string[] {
  if (record !== undefined)
    return ['## Results', table(evaluationCells(record)), ...ownNumbers(evaluation, record)];
  return evaluation === undefined ? [] : ['## Results', `${ownLine(evaluation)}.`];
}

function ownNumbers(evaluation: Evaluation | undefined, { teacher }: RunRecord): string[] {
  if (evaluation === undefined) return [];
  const { modelSizeReduction, inferenceSpeedup } = teacher
    ? compressionMetrics(teacher, evaluation)
    : { modelSizeReduction: undefined, inferenceSpeedup: undefined };
  const parts = [
    ownLine(evaluation),
    modelSizeReduction !== undefined && `${percent(modelSizeReduction)} smaller than the teacher`,
    inferenceSpeedup !== undefined && `${inferenceSpeedup.toFixed(1)} times as fast`,
  ];
  return [`${parts.filter(Boolean).join(', ')}.`];
}

function ownLine({ accuracy, ece, samples }: Evaluation): string {
  return `This student: accuracy ${percent(accuracy)}, calibration error ${percent(ece)} on ${countText(samples)} samples`;
}

function training({
  name,
  config,
  engine,
  versions,
  git,
  fingerprint,
  started,
  seconds,
}: RunRecord): string[] {
  return [
    '## Training',
    list([
      `run \`${name}\`, ${started}, ${seconds.toFixed(0)} s on the ${engine} engine`,
      `data \`${fingerprint}\`${git === undefined ? '' : `, commit \`${git}\``}`,
      Object.entries(versions)
        .map(([part, version]) => `${part} ${version}`)
        .join(', '),
    ]),
    `\`\`\`yaml\n${stringify(config)}\`\`\``,
  ];
}

function table([heads = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

function sections(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}
