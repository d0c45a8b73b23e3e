import { cpu } from './cpu.js';
import { type Engine, type EngineName } from './engine.js';
import { tensorflow, tensorflowGpu } from './native.js';
import { wasm } from './wasm.js';

/** All engines, the fastest first. */
export const ENGINES: readonly Engine[] = [tensorflowGpu, tensorflow, wasm, cpu];

/** The engine of a name, e.g. `engineNamed('wasm')`. */
export const engineNamed = (name: EngineName): Engine | undefined =>
  ENGINES.find((engine) => engine.name === name);
