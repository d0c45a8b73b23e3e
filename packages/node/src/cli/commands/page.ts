import { Command } from 'commander';
import { type EngineName } from '../../engine/engine.js';
import { print, printJson } from '../print.js';

interface Flags {
  readonly output: string;
  readonly json?: boolean;
  readonly engine?: string;
}

/** `distill page`: a student where people use it. */
export const page = (): Command =>
  new Command('page')
    .description('write a static page that classifies images with a student')
    .argument('<model>', "a run's folder: its distilled student; or a model's folder or model.json")
    .requiredOption('--output <folder>', 'where to')
    .option('--json', 'print JSON')
    .option('--engine <name>', 'tensorflow-gpu, tensorflow, wasm or cpu; default the fastest that runs here')
    .action(async (model: string, flags: Flags) => {
      const { selectEngine } = await import('../../engine/selectEngine.js');
      const { writePage } = await import('../../page/writePage.js');
      await selectEngine({ engine: flags.engine as EngineName | undefined });
      const report = await writePage(model, flags.output);
      if (flags.json) return printJson(report);
      print(
        `${report.directory}: a page of ${report.classNames.length} classes. Any static host can serve it.`,
      );
    });
