import { type Command } from 'commander';
import { compare } from './compare.js';
import { doctor } from './doctor.js';
import { engine } from './engine.js';
import { label } from './label.js';
import { layers } from './layers.js';
import { evaluate } from './evaluate.js';
import { exits } from './exits.js';
import { exportCommand } from './export.js';
import { init } from './init.js';
import { page } from './page.js';
import { plan } from './plan.js';
import { run } from './run.js';
import { serve } from './serve.js';
import { sweep } from './sweep.js';
import { worker } from './worker.js';

/** The subcommands of `distill`. To add one: a file beside this one, a line here. Import heavy code in the action. */
export const COMMANDS: readonly (() => Command)[] = [
  init,
  run,
  plan,
  sweep,
  compare,
  evaluate,
  exportCommand,
  page,
  label,
  worker,
  serve,
  layers,
  exits,
  engine,
  doctor,
];
