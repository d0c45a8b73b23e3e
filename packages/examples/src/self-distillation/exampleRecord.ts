import { type ExampleRecord, type ExampleRow } from '../example/ExampleRecord.js';
import { type NetworkResult, type Results } from './results.js';
import { type Way, WAYS } from './trainNetwork.js';

/** What a run found, for the README. */
export function exampleRecord(results: Results, command: string, date: string): ExampleRecord {
  const { engine, data, settings, networks, earlyExits, seconds } = results;
  const percent = (name: string, shares: readonly number[]): ExampleRow => ({
    name,
    values: shares.map((share) => 100 * share),
  });
  return {
    example: 'self-distillation',
    command,
    engine,
    node: process.versions.node,
    date,
    seconds: Math.round(seconds),
    measure: 'test accuracy, %',
    seeds: [...new Set(networks.map(({ seed }) => seed))],
    settings: { data, ...settings },
    rows: (Object.keys(WAYS) as Way[]).flatMap((way) =>
      classifiersOf(networks.filter((network) => network.way === way)).map(([name, accuracies]) =>
        percent(`${WAYS[way]}: ${name}`, accuracies),
      ),
    ),
    further: [
      {
        measure: 'leaving early, %',
        rows: [
          percent(
            'test accuracy',
            earlyExits.map(({ chosen }) => chosen.accuracy),
          ),
          percent(
            'operations, of the network without exits',
            earlyExits.map(({ chosen }) => chosen.cost),
          ),
        ],
      },
    ],
  };
}

/** Accuracy of each exit, of the deepest classifier and of the ensemble, over the seeds. */
function classifiersOf(networks: readonly NetworkResult[]): [name: string, accuracies: number[]][] {
  const names = [...new Set(networks.flatMap(({ rows }) => rows.map(({ name }) => name)))];
  return names.map((name) => [
    name,
    networks.flatMap(({ rows }) => rows.filter((row) => row.name === name).map(({ accuracy }) => accuracy)),
  ]);
}
