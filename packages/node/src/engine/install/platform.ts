import { DistillError } from '@tfjs-distill/core';

/** What the native engine needs to know of an operating system and processor. */
export interface NativePlatform {
  /** The wheel on PyPI that carries the TensorFlow library, without and with CUDA. */
  readonly wheel: { readonly cpu: string; readonly gpu?: string };
  /** Platform tags of acceptable wheels. */
  readonly tags: readonly string[];
  /** The libraries to link, within the wheel's `tensorflow` folder. */
  readonly libraries: readonly string[];
  readonly linkFlags: readonly string[];
  /** How a library names its own folder in a run path. */
  readonly origin: string;
}

const linux = (wheel: NativePlatform['wheel'], machine: string): NativePlatform => ({
  wheel,
  tags: ['manylinux_2_27', 'manylinux_2_17', 'manylinux2014'].map((tag) => `${tag}_${machine}`),
  libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
  linkFlags: ['-shared', '-fPIC'],
  origin: '$ORIGIN',
});

const PLATFORMS: Readonly<Record<string, NativePlatform>> = {
  'linux-x64': linux({ cpu: 'tensorflow-cpu', gpu: 'tensorflow' }, 'x86_64'),
  'linux-arm64': linux({ cpu: 'tensorflow' }, 'aarch64'),
  'darwin-arm64': {
    wheel: { cpu: 'tensorflow' },
    tags: ['macosx_12_0_arm64', 'macosx_11_0_arm64'],
    libraries: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
    linkFlags: ['-bundle', '-undefined', 'dynamic_lookup'],
    origin: '@loader_path',
  },
};

/** What `manylinux_2_27` promises. */
const OLDEST_GLIBC = '2.27';

const isOlder = (version: string, than: string): boolean =>
  version.localeCompare(than, 'en', { numeric: true }) < 0;

/** The facts of a machine that decide; taken from this process unless given. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Absent where the C library is not glibc, as on Alpine. */
  readonly glibc: string | undefined;
}

export function thisMachine(): Machine {
  // names of network peers are slow to look up, and no concern of ours; not yet in Node 20's types
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, glibc: report.header.glibcVersionRuntime };
}

/**
 * The platform's entry, or an error that says why there is none.
 *
 * @throws DistillError `ENGINE` where Google publishes no TensorFlow library that a C++ program can link.
 */
export function nativePlatform(machine: Machine = thisMachine()): NativePlatform {
  const key = `${machine.platform}-${machine.arch}`;
  const platform = PLATFORMS[key];
  const where = { where: 'engine install', hint: 'The wasm engine runs here, without installation.' };
  if (!platform) {
    const known = Object.keys(PLATFORMS).join(', ');
    throw new DistillError('ENGINE', `No TensorFlow library is published for ${key} (only ${known}).`, where);
  }
  if (machine.platform === 'linux' && !machine.glibc)
    throw new DistillError('ENGINE', 'TensorFlow needs glibc, and this Linux has another C library.', where);
  if (machine.glibc && isOlder(machine.glibc, OLDEST_GLIBC))
    throw new DistillError(
      'ENGINE',
      `TensorFlow needs glibc ${OLDEST_GLIBC}, this is ${machine.glibc}.`,
      where,
    );
  return platform;
}
