import { DistillError, messageOf, unknownName } from '@tfjs-distill/core';
import { type Engine, type EngineName } from './engine.js';
import { registerCheckpointFolders } from '../checkpoint/registerCheckpointFolders.js';
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
  /** Absent where nothing that a person could type helps. */
  readonly remedy?: string;
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
 * // 'wasm', [{ engine: 'tensorflow', reason: 'not installed', remedy: '`npx distill engine install` …' }]
 */
export async function selectEngine(options: SelectOptions = {}): Promise<EngineReport> {
  return selectFrom(ENGINES, options);
}

/** {@link selectEngine} over other candidates than this package's. */
export async function selectFrom(
  engines: readonly Engine[],
  options: SelectOptions = {},
): Promise<EngineReport> {
  const forced = options.engine ?? engineFromEnvironment();
  const candidates = forced === undefined ? engines : [named(engines, forced)];
  const passedOver: PassedOver[] = [];
  for (const engine of candidates) {
    const tried = await tryEngine(engine, forced !== undefined);
    if ('reason' in tried) {
      passedOver.push({ engine: engine.name, ...tried });
      continue;
    }
    const { name, backend, description } = engine;
    const report = { engine: name, backend, description, ...tried, forced: forced !== undefined, passedOver };
    for (const line of messages(report)) options.onMessage?.(line);
    return report;
  }
  const why = passedOver.map(sentence).join('; ');
  throw new DistillError('ENGINE', `No usable engine: ${why}.`, { where: 'selectEngine' });
}

/** `DISTILL_ENGINE=` (empty) means unset, as shells have it. */
export function engineFromEnvironment(): string | undefined {
  const name = process.env['DISTILL_ENGINE'];
  return name === '' ? undefined : name;
}

function named(engines: readonly Engine[], name: string): Engine {
  const engine = engines.find((candidate) => candidate.name === name);
  if (engine) return engine;
  const known = engines.map((candidate) => candidate.name);
  throw unknownName('engine', name, known, { where: 'selectEngine' });
}

type Tried = { version: string; facts: Readonly<Record<string, string>> } | Omit<PassedOver, 'engine'>;

async function tryEngine(engine: Engine, byName: boolean): Promise<Tried> {
  const verdict = await engine.probe();
  if (!verdict.usable) {
    const { reason, remedy } = verdict;
    return remedy === undefined ? { reason } : { reason, remedy };
  }
  if (verdict.onlyByName !== undefined && !byName) return { reason: verdict.onlyByName };
  try {
    await engine.load();
    registerFileSystem();
    registerCheckpointFolders();
  } catch (error) {
    return { reason: `does not load: ${messageOf(error)}`, remedy: '`npx distill doctor` says more' };
  }
  return { version: verdict.version, facts: verdict.facts ?? {} };
}

/** The lines that a person reads: which engine runs, then the fastest that could be had. */
export function messages({ engine, version, description, passedOver }: EngineReport): string[] {
  const lines = [`Engine: ${engine} ${version} (${description}).`];
  const faster = passedOver.find(({ remedy }) => remedy !== undefined);
  if (faster) lines.push(`Faster: ${sentence(faster)}.`);
  return lines;
}

const sentence = ({ engine, reason, remedy }: PassedOver): string =>
  remedy === undefined ? `${engine}: ${reason}` : `${engine}: ${reason}; ${remedy}`;
