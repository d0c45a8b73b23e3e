import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGES = ['core', 'losses', 'node', 'examples'];

interface Import {
  readonly file: string;
  readonly from: string;
}

function imports(name: string): Import[] {
  const folder = join(ROOT, 'packages', name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
    return [...found].map(([, from = '']) => ({ file: relative(ROOT, join(folder, file)), from }));
  });
}

describe('packages', () => {
  it.each(PACKAGES)('%s imports only the packages below it', (name) => {
    const below = PACKAGES.slice(0, PACKAGES.indexOf(name)).map((other) => `@tfjs-distill/${other}`);
    const wrong = imports(name).filter(({ from }) => {
      const scope = /^@tfjs-distill\/[^/]+/.exec(from)?.[0];
      return scope !== undefined && !below.includes(scope);
    });
    expect(wrong).toEqual([]);
  });

  it.each(['core', 'losses'])('%s uses no Node API', (name) => {
    expect(imports(name).filter(({ from }) => from.startsWith('node:'))).toEqual([]);
  });

  it('name inversify only in core’s di folder', () => {
    const users = PACKAGES.flatMap(imports).filter(({ from }) => /^(inversify|reflect-metadata)/.test(from));
    expect(users.filter(({ file }) => !file.startsWith('packages/core/src/di/'))).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
  });
});
