import { type PluginFactory } from '../hooks/definePlugin.js';
import { checkpoints } from './checkpoints.js';
import { earlyStopping } from './earlyStopping.js';
import { ema } from './ema.js';
import { gradientAccumulation } from './gradientAccumulation.js';
import { gradientClipping } from './gradientClipping.js';
import { keepBest } from './keepBest.js';
import { learningRate } from './learningRate.js';
import { reduceOnPlateau } from './reduceOnPlateau.js';
import { termDiagnostics } from './termDiagnostics.js';

/** The plugins of this package, known to every configuration by their types. */
export const corePlugins: readonly PluginFactory[] = [
  gradientAccumulation,
  gradientClipping,
  learningRate,
  reduceOnPlateau,
  earlyStopping,
  keepBest,
  ema,
  termDiagnostics,
  checkpoints,
];
