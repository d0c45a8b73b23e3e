import { DistillError, messageOf, unknownName } from '@tfjs-distill/core';
import { type Engine, type EngineName } from './engine.js';
import { registerFileSystem } from '../io/registerFileSystem.js';
import { ENGINES } from './engines.js';

export interface SelectOptions {
  /** Forces one engine. Default: the environment's `DISTILL_ENGINE`, else the fastest that is usable. */
  readonly engine?: EngineName | undefined;
  /** Hears, in one line each, which engine runs and what a faster one would take. Default: nobody. */
  readonly onMessage?: (line: string) => void;
}

/** A faster engine that does not run, why, and what to type to have it. */
export interface PassedOver {
  readonly engine: EngineName;
  readonly reason: string;
  readonly remedy: string;
}

export interface EngineReport {
  readonly engine: EngineName;
  /** TensorFlow.js's backend, as `getBackend()` returns it. */
  readonly backend: string;
  readonly version: string;
  readonly description: string;
  readonly facts: Readonly<Record<string, string>>;
  /** True where the option or `DISTILL_ENGINE` chose it. */
  readonly forced: boolean;
  /** The faster ones, in order. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * Makes the fastest engine that is usable here TensorFlow.js's backend.
 *
 * Native engines are tried in a child process first, so that one that does not fit this machine is passed over with
 * its reason instead of killing the program. Nothing is installed, fetched or printed.
 *
 * @returns Which engine runs, and for each faster one why not and what to type.
 * @throws DistillError `OPTION` for an unknown name, `ENGINE` where a forced engine is not usable.
 * @example
 * const { engine, passedOver } = await selectEngine();
 * // 'wasm', [{ engine: 'tensorflow', reason: 'it is not installed', remedy: '`npx distill engine install`' }]
 */
export async function selectEngine(options: SelectOptions = {}): Promise<EngineReport> {
  return selectFrom(ENGINES, options);
}

/** {@link selectEngine} over other candidates than this package's. */
export async function selectFrom(
  engines: readonly Engine[],
  options: SelectOptions = {},
): Promise<EngineReport> {
  const forced = options.engine ?? fromEnvironment();
  const candidates = forced === undefined ? engines : [named(engines, forced)];
  const passedOver: PassedOver[] = [];
  for (const engine of candidates) {
    const tried = await tryEngine(engine);
    if ('reason' in tried) {
      passedOver.push({ engine: engine.name, ...tried });
      continue;
    }
    const { name, backend, description } = engine;
    const report = { engine: name, backend, description, ...tried, forced: forced !== undefined, passedOver };
    for (const line of messages(report)) options.onMessage?.(line);
    return report;
  }
  const why = passedOver.map(({ engine, reason, remedy }) => `${engine}: ${reason} (${remedy})`).join('; ');
  throw new DistillError('ENGINE', `No usable engine: ${why}.`, { where: 'selectEngine' });
}

/** `DISTILL_ENGINE=` (empty) means unset, as shells have it. */
function fromEnvironment(): string | undefined {
  const name = process.env['DISTILL_ENGINE'];
  return name === '' ? undefined : name;
}

function named(engines: readonly Engine[], name: string): Engine {
  const engine = engines.find((candidate) => candidate.name === name);
  if (engine) return engine;
  const known = engines.map((candidate) => candidate.name);
  throw unknownName('engine', name, known, { where: 'selectEngine' });
}

type Tried =
  { version: string; facts: Readonly<Record<string, string>> } | { reason: string; remedy: string };

async function tryEngine(engine: Engine): Promise<Tried> {
  const verdict = await engine.probe();
  if (!verdict.usable) return { reason: verdict.reason, remedy: verdict.remedy };
  try {
    await engine.load();
    registerFileSystem();
  } catch (error) {
    return { reason: `it does not load: ${messageOf(error)}`, remedy: '`npx distill doctor` says more' };
  }
  return { version: verdict.version, facts: verdict.facts ?? {} };
}

/** The lines that a person reads: which engine runs, then the nearest faster one. */
export function messages({ engine, version, description, passedOver }: EngineReport): string[] {
  const lines = [`Engine: ${engine} ${version} (${description}).`];
  const nearest = passedOver.at(-1);
  if (nearest) lines.push(`Faster: ${nearest.engine}, but ${nearest.reason}; to have it: ${nearest.remedy}.`);
  return lines;
}
