import { Command } from 'commander';
import { print, printJson } from '../print.js';
import { textTable } from '../textTable.js';

/** `distill compare`: one table of several runs. */
export const compare = (): Command =>
  new Command('compare')
    .description('one table of several runs: in what they differ, and what came of it')
    .argument('<run...>', 'folders of runs, or a folder of such folders')
    .option('--json', 'print JSON')
    .action(async (folders: string[], { json }: { json?: boolean }) => {
      const { readRuns } = await import('../../run/readRuns.js');
      const { comparisonCells, comparisonRows } = await import('../../run/compareRuns.js');
      const runs = await readRuns(folders);
      if (json) printJson(comparisonRows(runs));
      else print(textTable(comparisonCells(comparisonRows(runs))));
    });
