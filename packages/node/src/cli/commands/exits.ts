import { Command, Option } from 'commander';
import { type EngineName } from '../../engine/index.js';
import { sampleCount, share } from '../numbers.js';
import { print, printJson } from '../print.js';

interface Flags {
  readonly data: string;
  readonly path?: string;
  readonly split: 'train' | 'test';
  readonly limit?: number;
  readonly accuracy?: number;
  readonly json?: boolean;
  readonly html?: string;
  readonly engine?: string;
}

/** `distill exits MODEL`: how good each exit is, and at which threshold to stop early. */
export const exits = (): Command =>
  new Command('exits')
    .description('accuracy of every exit of a model, and the threshold that stops early enough')
    .argument('<model>', 'a model with exits: its folder or model.json')
    .requiredOption('--data <name>', 'mnist, fashion-mnist, cifar10, or an ES module that gives a data set')
    .option('--path <folder>', "where a named data set's files are")
    .addOption(new Option('--split <name>', 'which samples').choices(['train', 'test']).default('test'))
    .option('--limit <n>', 'use only the first n samples', sampleCount)
    .option('--accuracy <share>', 'accuracy wanted, 0 to 1; default: what the whole model has', share)
    .option('--json', 'print JSON')
    .option('--html <file>', 'write the report as a page, with its chart')
    .option('--engine <name>', 'tensorflow-gpu, tensorflow, wasm or cpu; default the fastest that runs here')
    .action(async (model: string, flags: Flags) => {
      const report = await measured(model, flags);
      if (flags.html !== undefined) await writePage(report, flags.html);
      if (flags.json) printJson(report);
      else await printReport(report);
    });

type Report = Awaited<ReturnType<typeof measured>>;

async function measured(model: string, { data, path, split, limit, accuracy, engine }: Flags) {
  const { selectEngine } = await import('../../engine/index.js');
  const { reportExits } = await import('../../exits/reportExits.js');
  const { openDataset, specOf } = await import('../../data/openDataset.js');
  const { sampleTensors } = await import('../../data/sampleTensors.js');
  await selectEngine({ engine: engine as EngineName | undefined });
  const kept = limit === undefined ? {} : { limit: { [split]: limit } };
  const dataset = await openDataset({ ...specOf(data), ...(path !== undefined && { path }), ...kept });
  const samples = sampleTensors(dataset[split]);
  return reportExits(model, samples, { name: `${data}, ${split}`, accuracy });
}

async function printReport(report: Report): Promise<void> {
  const { getBorderCharacters, table } = await import('table');
  const { curveCells, exitFinding, rowCells } = await import('../../exits/exitCells.js');
  const { COST } = await import('../../exits/exitsPage.js');
  const style = {
    border: getBorderCharacters('norc'),
    drawHorizontalLine: (line: number, rows: number) => line < 2 || line === rows,
  };
  print(`${report.model} on ${report.samples} samples of ${report.data}. ${COST}\n`);
  print(table(rowCells(report), style));
  print(table(curveCells(report), style));
  print(exitFinding(report));
}

async function writePage(report: Report, file: string): Promise<void> {
  const { default: writeFileAtomic } = await import('write-file-atomic');
  const { exitsPage } = await import('../../exits/exitsPage.js');
  await writeFileAtomic(file, await exitsPage(report));
}
