import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve('packages/node');

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Package;
const isOptional = (name: string) => manifest.peerDependenciesMeta[name]?.optional === true;

const NAME = String.raw`(?:@[\w-]+\/)?[a-z][\w.-]*`;
/** Ways in which the sources name a package that need not be there. */
const PATTERNS = [
  String.raw`loadOptional(?:<[^(]*>)?\(\s*'(${NAME})'`,
  String.raw`resolvePackage\('(${NAME}?)\/[^']*'`,
  String.raw`(?:DAWN|BACKEND|packageName)(?: =|:) '(${NAME})'`,
].map((pattern) => new RegExp(pattern, 'g'));
/** What a message tells to type, flags left out. */
const HINT = /npm install ((?:--?[\w-]+ |@?[a-z][\w./@-]*(?: |\b))+)/g;

async function optionalPackages(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const files = await readdir(path.join(ROOT, 'src'), { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const text = await readFile(path.join(ROOT, 'src', file), 'utf8');
    for (const pattern of PATTERNS)
      for (const [, name] of text.matchAll(pattern)) found.set(name as string, file);
    for (const [, words] of text.matchAll(HINT))
      for (const word of (words as string).split(' '))
        if (word !== '' && !word.startsWith('-')) found.set(word, file);
  }
  return found;
}

describe('packages that only some users need', () => {
  it('are optional peers, so that package managers know which versions go', async () => {
    const found = await optionalPackages();
    const names = [...found.keys()].filter((name) => !(name in manifest.dependencies)); // what always comes along
    expect(names.sort()).toEqual(Object.keys(manifest.peerDependenciesMeta).sort());
    for (const name of names) expect(isOptional(name), `${name} of ${found.get(name)}`).toBe(true);
  });

  it('are no dependencies, and have a range each', () => {
    for (const name of Object.keys(manifest.peerDependenciesMeta)) {
      expect(Object.keys(manifest.dependencies)).not.toContain(name);
      expect(manifest.peerDependencies[name]).toMatch(/^(\^|>=)\d/);
    }
  });
});
