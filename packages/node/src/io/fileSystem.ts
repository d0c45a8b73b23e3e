import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { io, util } from '@tensorflow/tfjs-core';
import { DistillError, messageOf } from '@tfjs-distill/core';
import writeFileAtomic from 'write-file-atomic';

const MODEL = 'model.json';
const WEIGHTS = 'weights.bin';

/**
 * Models on disk, for every engine: tfjs-node's `file://` format, readable by it, by browsers and by the converter.
 *
 * Saving writes `model.json` and `weights.bin` into a folder, each at once or not at all. Loading reads any number of
 * weight files, quantized to `float16`, `uint8` or `uint16` too.
 *
 * @param location A folder to save to; a folder or its `model.json` to load from. Relative to the working folder.
 * @returns An IO handler for `model.save` and `loadLayersModel`.
 * @throws DistillError `DATA`, from its methods: a missing, damaged or truncated file, a folder that cannot be written.
 * @example await student.save(fileSystem('runs/student')); await loadLayersModel(fileSystem('runs/student'))
 */
export function fileSystem(location: string): io.IOHandler {
  const resolved = path.resolve(location);
  return { save: (artifacts) => save(resolved, artifacts), load: () => load(resolved) };
}

async function save(directory: string, artifacts: io.ModelArtifacts): Promise<io.SaveResult> {
  const { weightData, weightSpecs = [], modelTopology, ...rest } = artifacts;
  if (modelTopology instanceof ArrayBuffer)
    throw new DistillError('DATA', 'Expected a model with JSON topology, got a binary graph.', {
      where: 'save',
    });
  const bytes = weightData === undefined ? new ArrayBuffer(0) : io.CompositeArrayBuffer.join(weightData);
  const weightsManifest = [{ paths: [WEIGHTS], weights: weightSpecs }];
  try {
    await mkdir(directory, { recursive: true });
    await writeFileAtomic(path.join(directory, WEIGHTS), Buffer.from(bytes));
    await writeFileAtomic(
      path.join(directory, MODEL),
      JSON.stringify({ modelTopology, weightsManifest, ...describing(rest) }),
    );
  } catch (cause) {
    throw new DistillError('DATA', `${directory} cannot be written: ${messageOf(cause)}.`, {
      where: 'save',
      cause,
    });
  }
  return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
}

/** The parts of a model that `model.json` carries besides its topology and manifest. */
function describing(artifacts: io.ModelArtifacts): Partial<io.ModelJSON> {
  const { format, generatedBy, convertedBy, trainingConfig, signature, userDefinedMetadata } = artifacts;
  const { modelInitializer, initializerSignature } = artifacts;
  const parts = { format, generatedBy, convertedBy, trainingConfig, signature, userDefinedMetadata };
  const given = Object.entries({ ...parts, modelInitializer, initializerSignature });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

async function load(location: string): Promise<io.ModelArtifacts> {
  const isFolder = await stat(location).then(
    (info) => info.isDirectory(),
    () => false,
  );
  const file = isFolder ? path.join(location, MODEL) : location;
  const model = parseModel(file, (await read(file)).toString('utf8'));
  return io.getModelArtifactsForJSON(model, async (manifest) => loadWeights(file, manifest));
}

function parseModel(file: string, text: string): io.ModelJSON {
  let model: unknown;
  try {
    model = JSON.parse(text);
  } catch (cause) {
    const hint = 'It is truncated or damaged: save the model again.';
    throw new DistillError('DATA', `${file} is not valid JSON.`, { where: 'load', hint, cause });
  }
  const isModel =
    typeof model === 'object' && model !== null && 'modelTopology' in model && 'weightsManifest' in model;
  if (isModel) return model as io.ModelJSON;
  throw new DistillError(
    'DATA',
    `${file} is not a TensorFlow.js model: it lacks modelTopology or weightsManifest.`,
    {
      where: 'load',
    },
  );
}

async function loadWeights(
  modelFile: string,
  manifest: io.WeightsManifestConfig,
): Promise<[io.WeightsManifestEntry[], io.WeightData]> {
  const groups = await Promise.all(manifest.map((group) => readGroup(path.dirname(modelFile), group)));
  return [manifest.flatMap(({ weights }) => weights), groups.flat()];
}

async function readGroup(
  directory: string,
  { paths, weights }: io.WeightsManifestConfig[number],
): Promise<ArrayBuffer[]> {
  const files = paths.map((name) => path.join(directory, name));
  const shards = await Promise.all(files.map(read));
  const got = shards.reduce((sum, shard) => sum + shard.byteLength, 0);
  const wanted = weightBytes(weights);
  if (wanted !== undefined && got !== wanted)
    throw new DistillError(
      'DATA',
      `Expected ${wanted} bytes of weights in ${files.join(', ')}, got ${got}.`,
      {
        where: 'load',
        hint: 'A file is truncated, or belongs to another model: save the model again.',
      },
    );
  return shards.map(
    ({ buffer, byteOffset, byteLength }) => buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer,
  );
}

/** Bytes of a group on disk; unknown where there are strings, whose length is in the data. */
function weightBytes(weights: readonly io.WeightsManifestEntry[]): number | undefined {
  if (weights.some(({ dtype }) => dtype === 'string')) return undefined;
  return weights.reduce((sum, { shape, dtype, quantization }) => {
    const each = quantization ? QUANTIZED_BYTES[quantization.dtype] : util.bytesPerElement(dtype);
    return sum + util.sizeFromShape(shape) * each;
  }, 0);
}

const QUANTIZED_BYTES = { float16: 2, uint16: 2, uint8: 1 } as const;

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? `${file} does not exist.` : `${file} cannot be read: ${messageOf(cause)}.`;
    throw new DistillError('DATA', message, { where: 'load', cause });
  });
}
