import { expected, parseOptions } from '@tfjs-distill/core';
import { ConfigFile } from './ConfigFile.js';
import { type RunConfig, runSchema } from './runSchema.js';

/** What a configuration file says, and where it lies. */
export interface LoadedConfig {
  readonly config: RunConfig & { readonly name: string };
  /** Folder that relative paths start from. */
  readonly base: string;
  /** The file, and what set a value: for errors that come later. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
}

/**
 * Reads and checks a run's configuration.
 *
 * @param path A YAML or JSON file.
 * @param overrides Values that replace the file's, e.g. `criterion.temperature=4`.
 * @returns The configuration as plain JSON, defaults filled in.
 * @throws DistillError `OPTION` with file, line and key for the first thing wrong.
 */
export async function readRunConfig(path: string, overrides: readonly string[] = []): Promise<LoadedConfig> {
  const file = await ConfigFile.read(path);
  for (const override of overrides) file.set(override);
  const { base, placeOf, value } = file;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected('the file', 'a configuration: keys and values', value, { where: path });
  const { $schema: _, ...checked } = parseOptions(runSchema, value, placeOf);
  const config = asJson(checked);
  return { config: { ...config, name: config.name ?? file.name }, base, placeOf };
}

/** Schedules became functions while they were checked; they know the JSON that makes them again. */
const asJson = (config: RunConfig): RunConfig => JSON.parse(JSON.stringify(config)) as RunConfig;
