import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { sha256 } from '../sha256.js';
import { pipFailure } from './failures.js';
import { type Command } from './tools.js';

/** A downloaded package of PyPI. */
export interface Wheel {
  readonly file: string;
  readonly sha256: string;
}

/** How far a piece of work is; `total` in the same unit, unknown at first. */
export type Progress = (done: number, total: number | undefined) => void;

export interface DownloadOptions {
  readonly pip: Command;
  /** A requirement as pip reads it, e.g. `tensorflow-cpu==2.21.0`. */
  readonly requirement: string;
  /** Platform tags, e.g. `manylinux_2_27_x86_64`. */
  readonly tags: readonly string[];
  /** Where wheels are kept; one that is there complete is not fetched again. */
  readonly directory: string;
  readonly onProgress?: Progress;
}

/**
 * Fetches one wheel with pip, which knows this machine's index, mirror, proxy and certificates, and which compares the
 * file with the index's checksum. No Python environment is changed, and the version of Python does not matter: only
 * the libraries inside the wheel are used.
 *
 * @throws DistillError `ENGINE` for an unknown version, no network, a checksum that differs, a full disk.
 */
export async function downloadWheel(options: DownloadOptions): Promise<Wheel> {
  const kept = await keptWheel(options);
  if (kept) return kept;
  const { directory, requirement } = options;
  const incoming = path.join(directory, 'incoming');
  await rm(incoming, { recursive: true, force: true });
  await mkdir(temporary(incoming), { recursive: true });
  await runPip(options, incoming);
  const name = (await readdir(incoming)).find((file) => file.endsWith('.whl'));
  if (!name) throw pipFailure(requirement, 'pip ended without a wheel');
  const file = path.join(directory, name);
  await rename(path.join(incoming, name), file);
  await rm(incoming, { recursive: true, force: true });
  const wheel = { file, sha256: await sha256(file) };
  await writeFile(receipt(options), JSON.stringify({ name, sha256: wheel.sha256 }));
  return wheel;
}

/** The wheel of an earlier run, unless its bytes are no longer those that came. */
async function keptWheel(options: DownloadOptions): Promise<Wheel | undefined> {
  const text = await readFile(receipt(options), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { name, sha256: wanted } = JSON.parse(text) as { name: string; sha256: string };
  const file = path.join(options.directory, name);
  const got = await sha256(file).catch(() => undefined);
  if (got === wanted) return { file, sha256: wanted };
  await rm(receipt(options), { force: true });
  return undefined;
}

const receipt = ({ directory, requirement }: DownloadOptions): string =>
  path.join(directory, `${requirement.replace(/[^\w.]+/g, '-')}.json`);

const temporary = (incoming: string): string => path.join(incoming, 'tmp');

/** What every version of pip understands; whatever Python it runs on, it takes the wheels for CPython 3.11. */
const PIP_FLAGS = [
  ...['--no-deps', '--no-cache-dir', '--progress-bar', 'off', '--only-binary', ':all:'],
  ...['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311', '--abi', 'none'],
];

async function runPip(
  { pip, requirement, tags, onProgress }: DownloadOptions,
  incoming: string,
): Promise<void> {
  const [program, ...first] = pip;
  const platforms = [...tags, 'any'].flatMap((tag) => ['--platform', tag]);
  const child = execa(
    program,
    [...first, 'download', ...PIP_FLAGS, ...platforms, '-d', incoming, requirement],
    {
      reject: false,
      all: true,
      // pip writes the file there while it comes: its size is the progress, on every version of pip
      env: {
        TMPDIR: temporary(incoming),
        PYTHONUNBUFFERED: '1',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PIP_NO_INPUT: '1',
      },
    },
  );
  let total: number | undefined;
  child.all.on('data', (text: Buffer) => (total = announcedSize(text.toString()) ?? total));
  let done = 0; // never goes back, though pip moves the file away at the end
  const look = async () => {
    done = Math.max(done, await bytesUnder(temporary(incoming)));
    onProgress?.(done, total);
  };
  const timer = setInterval(() => void look(), 200);
  const result = await child.finally(() => clearInterval(timer));
  if (result.failed) throw pipFailure(requirement, `${result.shortMessage}\n${result.all}`);
}

/** Bytes in "Downloading tensorflow_cpu-2.21.0-….whl (273.8 MB)". */
export function announcedSize(text: string): number | undefined {
  const match = /Downloading \S+ \(([\d.]+) ([kMG]?)B\)/.exec(text);
  const scale = { '': 1, k: 1e3, M: 1e6, G: 1e9 }[match?.[2] ?? ''];
  return match && scale ? Number(match[1]) * scale : undefined;
}

async function bytesUnder(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true }).catch(() => []);
  const sizes = entries.map((entry) =>
    stat(path.join(directory, entry)).then(
      (info) => (info.isFile() ? info.size : 0),
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
