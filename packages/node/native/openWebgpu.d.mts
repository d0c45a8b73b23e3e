/**
 * Dawn, WebGPU's implementation in Chrome, from the npm package `webgpu`.
 *
 * @param directory A folder from which `webgpu` resolves.
 */
export function openWebgpu(directory: string): Promise<{ gpu: object; globals: Record<string, unknown> }>;
