/**
 * @param directory An engine folder, or a project that has tfjs-node installed.
 * @param packageName `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`.
 * @param engine The engine folder whose addon keeps standard error silent. Default: `directory`, which is one then.
 * @returns The module; its backend `tensorflow` is registered and set.
 */
export function loadTfjsNode(directory: string, packageName: string, engine?: string): unknown;

/** What `loadTfjsNode` returned last in this process, if it was called. */
export function loadedTfjsNode(): unknown;
