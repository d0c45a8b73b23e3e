/** Fills a store, and says when it begins: what the test kills. Arguments: the folder, the number of samples. */
import { createTeacherStore } from '../../../packages/node/src/store/createTeacherStore.js';

const [folder = '', count = '0'] = process.argv.slice(2);
const BLOCK = 37; // neither shards nor records end where blocks do
const CLASSES = 20;

const header = {
  kind: 'topK',
  k: 4,
  dtype: 'float16',
  temperature: 2,
  classes: CLASSES,
  teacher: 'killed',
  dataset: 'numbers',
} as const;

const writer = await createTeacherStore(folder, header, { shardBytes: 8192 });
const missing = writer.missing(Int32Array.from({ length: Number(count) }, (_, i) => i));
process.send?.('ready');
for (let at = 0; at < missing.length; at += BLOCK) {
  const ids = missing.slice(at, at + BLOCK);
  const logits = new Float32Array(ids.length * CLASSES).map(
    (_, i) => 5 * Math.sin((ids[Math.floor(i / CLASSES)] ?? 0) * CLASSES + (i % CLASSES)),
  );
  await writer.append({ ids, logits });
}
await writer.close();
process.disconnect?.();
