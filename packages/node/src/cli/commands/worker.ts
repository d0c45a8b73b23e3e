import { Command } from 'commander';
import { type WorkerFlags } from '../label/runWorkerCommand.js';
import { portNumber, positiveNumber, wholeNumber } from '../numbers.js';

/** `distill worker`: labels shards that `distill label --queue` puts on a queue. */
export const worker = (): Command =>
  new Command('worker')
    .description('label shards that `distill label --queue` puts on a queue, until stopped')
    .requiredOption('--queue <redis>', 'address of the Redis, e.g. redis://host:6379')
    .option('--teacher <model>', 'where the teacher is on this machine. Default where `label` has it')
    .option('--data <set>', 'where the data set is on this machine. Default where `label` has it')
    .option('--out <folder>', 'what the shared folder is called on this machine, or s3://bucket/prefix')
    .option('--s3-endpoint <address>', 'of an S3 server other than Amazon’s. Default what `label` says')
    .option('--engine <name>', 'engine that a TensorFlow.js model or SavedModel runs on')
    .option('--concurrency <count>', 'shards at once: for teachers on a server. Default 1', wholeNumber)
    .option(
      '--lock-duration <seconds>',
      'without a sign of life for so long, its shard is given to another. Default 30',
      positiveNumber,
    )
    .option(
      '--max-stalls <count>',
      'workers that a shard may cost before it is given up. Default 5',
      wholeNumber,
    )
    .option('--idle <seconds>', 'end after so long without work. Default never', positiveNumber)
    .option('--metrics-port <port>', 'serve Prometheus metrics there', portNumber)
    .action(async (flags: WorkerFlags) => {
      const { runWorkerCommand } = await import('../label/runWorkerCommand.js');
      await runWorkerCommand(flags);
    });
