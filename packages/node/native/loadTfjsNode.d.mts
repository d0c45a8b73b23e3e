/**
 * @param directory An engine folder, or a project that has tfjs-node installed.
 * @param packageName `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`.
 * @returns The module; its backend `tensorflow` is registered and set.
 */
export function loadTfjsNode(directory: string, packageName: string): unknown;
