import { initializers, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { exitName, partName } from './exitNames.js';

export interface HeadPlan {
  /** The layer that the exit reads. */
  readonly after: string;
  readonly classes: number;
  /** Shape of the deepest feature, batch first, of the same rank. */
  readonly deepest: readonly (number | null)[];
  /** Of the initial weights. */
  readonly seed: number;
}

/** Of the running means: the authors' (PyTorch's default). Keras's 0.99 wants hundreds of steps before it tells the truth. */
const MOMENTUM = 0.9;

interface ConvOptions {
  readonly filters: number;
  readonly kernelSize?: number;
  readonly stride?: number;
}

/** Makes the layers of one exit, named after it; a whole batch-normalized convolution is named by its ReLU. */
export class HeadLayers {
  constructor(readonly plan: HeadPlan) {}

  #name(role: string): string {
    return partName(role, this.plan.after);
  }

  #apply(layer: layers.Layer, x: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
    return layer.apply(x) as SymbolicTensor;
  }

  /** A different seed for each layer of each exit. */
  #initializer(role: string) {
    const seed = [...this.#name(role)].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) | 0, this.plan.seed);
    return initializers.glorotUniform({ seed });
  }

  #normalized(role: string, x: SymbolicTensor, last = true): SymbolicTensor {
    const norm = this.#apply(
      layers.batchNormalization({ momentum: MOMENTUM, name: this.#name(`${role}_norm`) }),
      x,
    );
    const name = this.#name(last ? role : `${role}_relu`);
    return this.#apply(layers.activation({ activation: 'relu', name }), norm);
  }

  #convolution(role: string, { filters, kernelSize = 3, stride: strides = 1 }: ConvOptions) {
    const name = this.#name(`${role}_conv`);
    return { name, filters, kernelSize, strides, padding: 'same', useBias: false } as const; // batch norm has a bias
  }

  conv(role: string, x: SymbolicTensor, options: ConvOptions) {
    const conv = layers.conv2d({
      ...this.#convolution(role, options),
      kernelInitializer: this.#initializer(role),
    });
    return this.#normalized(role, this.#apply(conv, x));
  }

  separable(role: string, x: SymbolicTensor, options: ConvOptions) {
    const conv = layers.separableConv2d({
      ...this.#convolution(role, options),
      depthwiseInitializer: this.#initializer(`${role}_depthwise`),
      pointwiseInitializer: this.#initializer(role),
    });
    return this.#normalized(role, this.#apply(conv, x));
  }

  /** The feature times its attention, a sigmoid between 0 and 1 for every entry. */
  gated(x: SymbolicTensor): SymbolicTensor {
    const half = this.separable('gate', x, { filters: lastOf(x.shape), stride: 2 });
    const name = (role: string) => ({ name: this.#name(role) });
    const grown = this.#apply(
      layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear', ...name('gate_grow') }),
      half,
    );
    const [tall, wide] = [1, 2].map((axis) => (grown.shape[axis] ?? 0) - (x.shape[axis] ?? 0)) as [
      number,
      number,
    ];
    const cropping: [[number, number], [number, number]] = [
      [0, tall],
      [0, wide],
    ];
    const fitted =
      tall + wide === 0 ? grown : this.#apply(layers.cropping2D({ cropping, ...name('gate_crop') }), grown);
    const gate = this.#apply(layers.activation({ activation: 'sigmoid', ...name('gate_sigmoid') }), fitted);
    return this.#apply(layers.multiply(name('gated')), [x, gate]);
  }

  dense(role: string, x: SymbolicTensor, units: number): SymbolicTensor {
    const kernelInitializer = this.#initializer(role);
    const config = { name: this.#name(role), units, activation: 'relu', kernelInitializer } as const;
    return this.#apply(layers.dense(config), x);
  }

  /** One number a channel. */
  pooled(x: SymbolicTensor): SymbolicTensor {
    if (x.rank === 2) return x;
    const name = this.#name('pool');
    if (x.rank === 3) return this.#apply(layers.globalAveragePooling1d({ name }), x);
    return this.#apply(layers.globalAveragePooling2d({ name, dataFormat: 'channelsLast' }), x);
  }

  logits(x: SymbolicTensor): SymbolicTensor {
    const kernelInitializer = this.#initializer('logits');
    const { after, classes } = this.plan;
    return this.#apply(layers.dense({ name: exitName(after), units: classes, kernelInitializer }), x);
  }
}

/** Size of the last axis. */
export function lastOf(shape: readonly (number | null)[]): number {
  return shape.at(-1) ?? 1;
}
