import { type Command } from 'commander';
import { doctor } from './doctor.js';
import { engine } from './engine.js';

/** The subcommands of `distill`. To add one: a file beside this one, a line here. Import heavy code in the action. */
export const COMMANDS: readonly (() => Command)[] = [engine, doctor];
