import { Command } from 'commander';
import { type Diagnosis } from '../../engine/doctor.js';
import { bytes, print, printJson } from '../print.js';
import { describeEngine } from './engine.js';

/** `distill doctor`: what decides the speed of training on this machine, and what to type for more. */
export const doctor = (): Command =>
  new Command('doctor')
    .description('show what decides the speed of training here, and try every engine')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { diagnose } = await import('../../engine/doctor.js');
      const diagnosis = await diagnose();
      if (json) printJson(diagnosis);
      else for (const line of describe(diagnosis)) print(line);
    });

export function describe(diagnosis: Diagnosis): string[] {
  const { node, platform, processor, threads, simd, memory, gpus, cache, missing, engines } = diagnosis;
  const rows: [string, string][] = [
    ['Node.js', `${node} on ${platform}`],
    ['Processor', `${processor}, ${threads} threads, WebAssembly SIMD: ${simd ? 'yes' : 'no'}`],
    ['Memory', `${bytes(memory.total)}, ${bytes(memory.free)} free`],
    ['GPU', gpus.join('; ') || 'no NVIDIA card answers'],
    ['Engine cache', `${cache.directory}, ${bytes(cache.free)} free`],
    ['To install', missing.length ? `missing: ${missing.join(', ')}` : 'pip, compiler and npm are here'],
  ];
  return [...rows.map(([name, value]) => `${name.padEnd(14)}${value}`), '', ...engines.map(describeEngine)];
}
