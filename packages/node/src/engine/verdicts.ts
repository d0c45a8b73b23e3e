import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type ChildAnswer } from './nativeChild.js';
import { verdictsDirectory } from './paths.js';
import { sha256 } from './sha256.js';

/** What `native/probe.mjs` answers. */
export interface BindingFacts {
  /** TensorFlow's version, as the library itself says. */
  readonly tensorflow: string;
  /** Whether it computes on a graphics card. */
  readonly gpu: boolean;
}

/**
 * Whether a binding loads and computes here, found out in a child process. The answer is kept per binding, libraries,
 * Node.js and processor, so that only the first start pays for it (about a second).
 */
export async function bindingVerdict(binding: string, fresh = false): Promise<ChildAnswer<BindingFacts>> {
  const key = await fingerprint(binding).catch((): undefined => undefined);
  if (key === undefined) return { ok: false, reason: `${binding} cannot be read`, lasting: false };
  const file = path.join(verdictsDirectory(), `${key}.json`);
  if (!fresh) {
    const kept = await readFile(file, 'utf8').then(parse, () => undefined);
    if (kept) return kept;
  }
  const { nativeChild } = await import('./nativeChild.js'); // rarely needed, and slow to import
  const answer = await nativeChild<BindingFacts>('probe', [binding]);
  if (answer.ok || answer.lasting) await keep(file, answer);
  return answer;
}

function parse(text: string): ChildAnswer<BindingFacts> | undefined {
  try {
    return JSON.parse(text) as ChildAnswer<BindingFacts>;
  } catch {
    return undefined; // another version's, or damaged: look anew
  }
}

/** A cache that cannot be written costs time, not the answer. */
async function keep(file: string, answer: ChildAnswer<BindingFacts>): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
    .then(() => writeFileAtomic(file, JSON.stringify(answer)))
    .catch(() => undefined);
}

/** Changes whenever the answer could: the home folder may be shared by machines with different processors. */
async function fingerprint(binding: string): Promise<string> {
  const libraries = path.join(path.dirname(binding), 'tensorflow');
  const names = (await readdir(libraries).catch(() => [])).sort();
  const sizes = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(path.join(libraries, name));
      return `${name}:${size}:${mtimeMs}`;
    }),
  );
  const machine = [process.version, process.arch, os.release(), os.cpus()[0]?.model ?? ''];
  const facts = [await sha256(binding), ...sizes, ...machine];
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 32);
}
