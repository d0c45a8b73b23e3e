/**
 * Asks for a graphics adapter in a process of its own: a driver may crash.
 *
 * node probeWebgpu.mjs DIRECTORY → one line of JSON: { adapter, software }, both absent where no adapter answers
 */
import { openWebgpu } from './openWebgpu.mjs';

const { gpu } = await openWebgpu(process.argv[2]);
const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
const device = await adapter?.requestDevice();
device?.destroy();
const { description, device: model, isFallbackAdapter } = adapter?.info ?? {};
const answer = device ? { adapter: description || model, software: isFallbackAdapter === true } : {};
process.stdout.write(JSON.stringify(answer) + '\n');
