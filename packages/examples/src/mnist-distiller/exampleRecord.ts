import { type ExampleRecord, type ExampleRow } from '../example/ExampleRecord.js';
import { NETWORKS, type Results } from './results.js';

/** What Keras's example says, and what its code gave on this project's machine with one seed; see the README. */
const KERAS: Readonly<Record<string, Pick<ExampleRow, 'source' | 'peer'>>> = {
  teacher: { source: '97.6', peer: '97.91' },
  alone: { source: '97.6 (prints 97.78)', peer: '97.89' },
  distilled: { source: '98.1', peer: '97.77' },
  'step alone': { source: '2', peer: '3.65 (fastest 3.33)' },
  'step stored': { peer: '3.65 (fastest 3.39)' },
  'step live': { source: '129–150', peer: '22.75 (fastest 20.27)' },
};

/** What a run found, for the README; beside Keras's numbers where it took Keras's settings. */
export function exampleRecord(results: Results, command: string): ExampleRecord {
  const { engine, settings, seeds, seconds, node, date, step } = results;
  const row = (name: string, key: string, values: readonly number[]): ExampleRow => ({
    name,
    ...(settings.name === 'full' && KERAS[key]),
    values,
  });
  return {
    example: 'mnist-distiller',
    command,
    engine,
    node: node.replace('v', ''),
    date,
    seconds: Math.round(seconds),
    measure: 'test accuracy, %',
    seeds,
    settings: { ...settings },
    rows: (['teacher', 'alone', 'distilled'] as const).map((key) =>
      row(
        NETWORKS[key],
        key,
        results[key].accuracies.map((accuracy) => 100 * accuracy),
      ),
    ),
    further: [
      {
        measure: `ms a step of ${step.batchSize} images`,
        rows: [
          row('student alone', 'step alone', [step.alone]),
          row('teacher’s answers stored', 'step stored', [step.stored]),
          row('teacher live', 'step live', [step.live]),
        ],
      },
    ],
  };
}
