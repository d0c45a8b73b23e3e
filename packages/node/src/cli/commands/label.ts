import { Command, Option } from 'commander';
import { type LabelFlags } from '../label/LabelFlags.js';
import { portNumber, positiveNumber, wholeNumber } from '../numbers.js';
import { print, printJson } from '../print.js';

/** `distill label`: stores a teacher's answers about a data set, computed once. */
export const label = (): Command =>
  new Command('label')
    .enablePositionalOptions()
    .description("store a teacher's answers about a data set, once; goes on where it was interrupted")
    .option(
      '--teacher <model>',
      'path or address of the model, or a YAML or JSON file { model, preprocess, … }',
    )
    .option('--data <set>', 'data set: mnist, fashion-mnist, cifar10, a file, or a module of your own')
    .option(
      '--out <folder>',
      'where to store; with --queue a folder that all machines see, or s3://bucket/prefix',
    )
    .addOption(new Option('--split <split>', 'which samples').choices(['train', 'test']).default('train'))
    .addOption(
      new Option('--kind <kind>', 'what to store of each sample')
        .choices(['logits', 'probabilities', 'top-k', 'features'])
        .default('logits'),
    )
    .option('--k <count>', 'classes to keep, for top-k', wholeNumber)
    .option('--temperature <T>', 'of probabilities and top-k', positiveNumber)
    .option('--features <names...>', "layers or outputs to store besides, by the teacher's names")
    .addOption(
      new Option('--dtype <type>', 'of the numbers').choices(['float32', 'float16']).default('float32'),
    )
    .option('--batch-size <count>', 'samples that the teacher is asked about at once', wholeNumber, 256)
    .option('--limit <count>', 'only the first samples', wholeNumber)
    .option(
      '--shard <i/n>',
      'only the i-th of n parts, for as many machines; `label merge` puts them together',
    )
    .option('--engine <name>', 'engine that a TensorFlow.js model or SavedModel runs on')
    .option('--hourly-price <price>', "of the teacher's machine, to estimate the cost", positiveNumber)
    .option('--dry-run', 'check the teacher and estimate size, time and cost; store nothing')
    .option('--force', 'go on though the teacher looks wrong')
    .option('--queue <redis>', 'have it labelled by `distill worker`s, e.g. redis://host:6379')
    .option('--shard-size <count>', 'with --queue: samples of a shard. Default 16 batches', wholeNumber)
    .option('--attempts <count>', 'with --queue: how often a shard is tried. Default 5', wholeNumber)
    .option('--max-queued <count>', 'with --queue: shards on the queue at once. Default 2048', wholeNumber)
    .option('--s3-endpoint <address>', 'with --out s3://bucket/prefix: a server other than Amazon’s')
    .option('--keep-shards', 'with --queue: leave the shards beside the whole store')
    .option('--metrics-port <port>', 'with --queue: serve Prometheus metrics there', portNumber)
    .option('--json', 'print JSON')
    .action(async (flags: LabelFlags) => {
      if (flags.queue !== undefined) {
        const { runLabelOnQueue } = await import('../label/runLabelOnQueue.js');
        return runLabelOnQueue(flags);
      }
      const { runLabel } = await import('../label/runLabel.js');
      await runLabel(flags);
    })
    .addCommand(merge());

const merge = (): Command =>
  new Command('merge')
    .description('put the shards of several machines together; checks that they fit and none is missing')
    .argument('<shards...>', 'folders that `label --shard` wrote')
    .requiredOption('--out <folder>', 'a new folder for the whole store')
    .option('--json', 'print JSON')
    .action(async (shards: readonly string[], { out, json }: { out: string; json?: boolean }) => {
      const { mergeShards } = await import('../../label/mergeShards.js');
      const report = await mergeShards(shards, out);
      if (json) printJson(report);
      else print(`${report.samples} samples of ${report.shards} shards are together in ${report.folder}`);
    });
