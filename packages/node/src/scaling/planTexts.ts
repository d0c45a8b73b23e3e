import { type CostModel, type PlanLimit, type PlanRow, type Priced } from './costModel.js';

/** What a plan is calculated from, a line for each part. */
export function describeParts({ labelling, training, network }: CostModel, engine: string): string[] {
  const rows: [string, string][] = [];
  const { stepSeconds, sampleSeconds, fetchSeconds, gradientBytes, batchSize, epochs } = training;
  if (labelling !== undefined) {
    const { teacherSeconds, writeSeconds, mergeSeconds, shardSeconds, shardSamples, bytesPerRow } = labelling;
    rows.push(
      ['teacher', `${short(teacherSeconds)} a sample`],
      [
        'answer',
        `${bytesPerRow.toFixed(0)} bytes, written in ${short(writeSeconds)}, merged in ${short(mergeSeconds)}`,
      ],
      ['shard', `${count(shardSamples)} samples, ${short(shardSeconds)} to begin and close`],
    );
  }
  rows.push(
    [
      'step',
      `${short(stepSeconds)} and ${short(sampleSeconds)} a sample; batch ${batchSize}, ${epochs} epochs`,
    ],
    ['fetching', `${short(fetchSeconds)} a sample`],
    ['gradients', bytes(gradientBytes)],
    ['start', short(training.startSeconds)],
    [
      'network',
      `${short(network.latencySeconds)} a message, ${(8e-9 / network.secondsPerByte).toFixed(1)} Gbit/s (assumed)`,
    ],
  );
  if (labelling !== undefined) rows.push(['queue', `${short(labelling.queueSeconds)} a shard (assumed)`]);
  return [
    `Measured here on ${engine}, one worker:`,
    ...rows.map(([name, text]) => `  ${name.padEnd(11)}${text}`),
    '',
  ];
}

/** The plan as a table, heads first. */
export function planCells(rows: readonly PlanRow[]): string[][] {
  const priced = rows.some(({ trainingLargeBatch: { cost } }) => cost !== undefined);
  const labelled = rows.some(({ labelling }) => labelling !== undefined);
  const heads = [...(labelled ? ['labelling'] : []), 'training', 'training, a batch each'];
  return [
    ['samples', 'workers', ...heads.flatMap((head) => [head, 'of use', ...(priced ? ['price'] : [])])],
    ...rows.map(({ samples, workers, labelling, training, trainingLargeBatch }) => [
      power(samples),
      count(workers),
      ...[...(labelled ? [labelling] : []), training, trainingLargeBatch].flatMap((part) =>
        cells(part, priced),
      ),
    ]),
  ];
}

function cells(part: Priced | undefined, priced: boolean): string[] {
  if (part === undefined) return ['–', '', ...(priced ? [''] : [])];
  const { seconds, efficiency, cost } = part;
  return [long(seconds), `${Math.round(100 * efficiency)} %`, ...(priced ? [money(cost ?? 0)] : [])];
}

/** Where it ends, a sentence for each piece of work. */
export function describeLimits(limits: readonly PlanLimit[], workers: number): string[] {
  return limits.map(({ samples, work, limit }) => {
    const what = `${power(samples)} samples, ${work}`;
    if (limit === undefined) return `${what}: every worker is of use.`;
    const beyond = limit.workers > workers ? ' (more than asked about)' : '';
    const reason = LIMITS[limit.part] ?? `${limit.part} takes longer than all else`;
    return `${what}: half of the time is of use up to ${count(limit.workers)} workers${beyond}; then ${reason}.`;
  });
}

const LIMITS: Readonly<Record<string, string>> = {
  'the start': 'starting them takes longer than their work',
  'uneven shards': 'there are fewer shards than workers; smaller ones help',
  'the queue': 'the queue cannot hand out shards faster; larger ones help',
  merging: 'merging the shards, which one process does, takes longer than all else',
  'what every step takes':
    'what a step takes whatever its batch is more than the samples in it; a larger batch helps',
  'summing gradients': 'summing gradients takes longer than a step; a faster network or a larger batch helps',
  'the batch size': 'a batch has no more samples',
};

const count = (value: number): string => value.toLocaleString('en');

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 10⁸ where it is a power of ten. */
function power(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (exponent < 4 || 10 ** exponent !== value) return count(value);
  return `10${[...String(exponent)].map((digit) => SUPERSCRIPTS[Number(digit)]).join('')}`;
}

/** Three digits, in the unit that fits. */
function short(seconds: number): string {
  const [scale, unit] = (
    [
      [1, 's'],
      [1e3, 'ms'],
      [1e6, 'µs'],
      [1e9, 'ns'],
    ] as const
  ).find(([factor]) => seconds * factor >= 1) ?? [1e9, 'ns'];
  return `${Number((seconds * scale).toPrecision(3))} ${unit}`;
}

function long(seconds: number): string {
  const units = [
    [365.25 * 86_400, 'years'],
    [86_400, 'days'],
    [3600, 'h'],
    [60, 'min'],
  ] as const;
  const [size, unit] = units.find(([length]) => seconds >= 2 * length) ?? [1, 's'];
  const value = Number((seconds / size).toPrecision(3));
  return `${value >= 1000 ? count(Math.round(value)) : value} ${unit}`;
}

const bytes = (value: number): string =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e3).toFixed(1)} kB`;

const money = (value: number): string => (value >= 100 ? count(Math.round(value)) : value.toFixed(2));
