import { cpu } from './cpu.js';
import { type Engine } from './engine.js';
import { tensorflow, tensorflowGpu } from './native.js';
import { wasm } from './wasm.js';
import { webgpu } from './webgpu.js';

/** All engines, the fastest first. */
export const ENGINES: readonly Engine[] = [tensorflowGpu, tensorflow, webgpu, wasm, cpu];
