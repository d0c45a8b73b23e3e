import { DistillError, messageOf } from '@tfjs-distill/core';
import { Command } from 'commander';
import { COMMANDS } from './commands/index.js';

/** The `distill` command. Every subcommand is one file in `commands/`, listed in its index. */
export function program(): Command {
  const distill = new Command('distill')
    .description('Knowledge distillation for TensorFlow.js')
    .showHelpAfterError('Type `distill --help` for what there is.')
    .enablePositionalOptions();
  for (const command of COMMANDS) distill.addCommand(command());
  return distill;
}

/** Runs one command line; a failure becomes one line on standard error and the exit code 1. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv], { from: 'user' });
  } catch (error) {
    const known = error instanceof DistillError;
    process.stderr.write(known ? `${error.message}\n` : `Unexpected: ${messageOf(error)}\n`);
    if (!known && process.env['DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}
