import { type EngineName } from './engine.js';
import { ENGINES } from './engines.js';
import { engineFromEnvironment } from './selectEngine.js';

/** One line of `distill engine list`. */
export interface EngineStatus {
  readonly engine: EngineName;
  readonly description: string;
  readonly usable: boolean;
  /** Whether `selectEngine()` would take it here; `DISTILL_ENGINE` forces one. */
  readonly chosen: boolean;
  readonly version?: string;
  readonly facts?: Readonly<Record<string, string>>;
  /** Why it is not usable, and what to type, if anything helps. */
  readonly reason?: string;
  readonly remedy?: string;
  /** Why it runs only where it is asked for by name. */
  readonly onlyByName?: string;
}

/** Every engine, the fastest first: usable or not, why not, what to type. Loads none of them. */
export async function listEngines(options: { readonly fresh?: boolean } = {}): Promise<EngineStatus[]> {
  const verdicts = await Promise.all(ENGINES.map((engine) => engine.probe(options)));
  const forced = engineFromEnvironment();
  const first = verdicts.findIndex((verdict) => verdict.usable && verdict.onlyByName === undefined);
  return ENGINES.map(({ name, description }, i) => {
    const verdict = verdicts[i] ?? { usable: false as const, reason: 'no answer' };
    return {
      engine: name,
      description,
      chosen: forced === undefined ? i === first : name === forced,
      ...verdict,
    };
  });
}
