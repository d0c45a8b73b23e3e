import { Command, Option } from 'commander';
import { EXAMPLE_DATASETS, type ExampleDataset } from '../../run/exampleConfig.js';
import { print } from '../print.js';

interface InitFlags {
  readonly dataset: ExampleDataset;
  readonly teacher: string;
  readonly force?: boolean;
}

/** `distill init`: a configuration to begin with. */
export const init = (): Command =>
  new Command('init')
    .description('write a commented example of a configuration for `distill run`')
    .argument('[file]', 'where to', 'distill.yaml')
    .addOption(
      new Option('--dataset <name>', 'what to train on')
        .choices(Object.keys(EXAMPLE_DATASETS))
        .default('mnist'),
    )
    .option('--teacher <path>', "the teacher's folder, file or address", 'models/teacher')
    .option('--force', 'replace the file if it is there')
    .action(async (file: string, { dataset, teacher, force = false }: InitFlags) => {
      const { writeExample } = await import('../../run/writeExample.js');
      await writeExample(file, { dataset, teacher }, force);
      print(`${file} is written. Look through it, then: npx distill run ${file}`);
    });
