import { DistillError } from '@tfjs-distill/core';
import { execa } from 'execa';

/** `a, b, and c` */
export const listed = (words: readonly string[]): string => new Intl.ListFormat('en').format(words);

/** A program and the arguments that always come first. */
export type Command = readonly [program: string, ...first: string[]];

export interface Tools {
  readonly pip: Command;
  readonly compiler: Command;
  readonly npm: Command;
}

interface Tool {
  readonly candidates: () => readonly Command[];
  /** What a person types to get it. */
  readonly remedy: string;
}

/** An environment variable such as CXX, where it names something, before the usual names. */
const named = (variable: string): Command[] => {
  const words = process.env[variable]?.split(/\s+/).filter(Boolean) ?? [];
  return words[0] ? [[words[0], ...words.slice(1)]] : [];
};

const TOOLS: Readonly<Record<keyof Tools, Tool>> = {
  pip: {
    candidates: () => [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']],
    remedy: 'pip (Debian/Ubuntu: `apt install python3-pip`, macOS: `brew install python`)',
  },
  compiler: {
    candidates: () => [...named('CXX'), ['c++'], ['g++'], ['clang++']],
    remedy: 'a C++ compiler (Debian/Ubuntu: `apt install g++`, macOS: `xcode-select --install`)',
  },
  npm: {
    candidates: () => [['npm']],
    remedy: 'npm (it comes with Node.js)',
  },
};

async function runs([program, ...first]: Command): Promise<boolean> {
  const result = await execa(program, [...first, '--version'], { reject: false, timeout: 60_000 });
  return result.exitCode === 0;
}

async function firstThatRuns(candidates: readonly Command[]): Promise<Command | undefined> {
  for (const candidate of candidates) if (await runs(candidate)) return candidate;
  return undefined;
}

/** The tools of an install that this machine has, and what to get for those that it lacks. */
export async function lookForTools(): Promise<{ found: Partial<Tools>; missing: readonly string[] }> {
  const names = Object.keys(TOOLS) as (keyof Tools)[];
  const looked = await Promise.all(
    names.map(async (name) => [name, await firstThatRuns(TOOLS[name].candidates())] as const),
  );
  return {
    found: Object.fromEntries(looked.filter(([, command]) => command)),
    missing: looked.filter(([, command]) => !command).map(([name]) => TOOLS[name].remedy),
  };
}

/**
 * All tools of an install.
 *
 * @throws DistillError `ENGINE` naming every tool that is missing and how to get it.
 */
export async function findTools(): Promise<Tools> {
  const { found, missing } = await lookForTools();
  if (missing.length === 0) return found as Tools;
  throw new DistillError('ENGINE', `The native engine's installation needs ${listed(missing)}.`, {
    where: 'engine install',
    hint: 'Without it, the wasm engine runs, without installation.',
  });
}
