import { type Tensor } from '@tensorflow/tfjs-core';
import {
  asStudent,
  type CompressionManager,
  DistillError,
  expected,
  type Inputs,
  type Logs,
  parseOptions,
  type Plugin,
  prepareCompression,
  type StudentLike,
  type TeacherLike,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { reweighted } from '../reweighted.js';
import { type CompileOptions, compiledParts, type CompiledParts } from './compiledParts.js';
import { type DistillationLoss } from './DistillationLoss.js';
import { type KerasHistory, kerasHistory } from './kerasHistory.js';
import { LogitsDistillation } from './LogitsDistillation.js';

export interface DistillerOptions {
  readonly teacher: TeacherLike;
  readonly student: StudentLike;
  /** One or several. Default `new LogitsDistillation()`. */
  readonly distillationLosses?: DistillationLoss | readonly DistillationLoss[];
  /** One for each loss; not normalised. Default 1 each. */
  readonly distillationLossWeights?: readonly number[];
  /** `w`, 0 to 1. Default 0.5. */
  readonly studentLossWeight?: number;
}

export interface DistillerFitOptions {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly shuffle?: boolean;
  readonly seed?: number;
  readonly validationData?: readonly [x: Inputs, y: Tensor];
  /** Plugins take the place of Keras's callbacks. */
  readonly callbacks?: readonly Plugin[];
}

const schema = z.strictObject({
  teacher: z.any(),
  student: z.any(),
  distillationLosses: z.optional(z.any()),
  distillationLossWeights: z.optional(z.array(z.number())),
  studentLossWeight: z._default(z.number().check(z.gte(0), z.lte(1)), 0.5),
});

/**
 * Keras's `Distiller` as a thin face of the compression manager: `w · task + (1 − w) · Σ wᵢ · lossᵢ`.
 *
 * `compile` takes today's arguments, `{ optimizer, loss, metrics }`, or those of the Keras example,
 * `{ optimizer, metrics, studentLossFn, distillationLossFn, alpha, temperature }`. The teacher is not written to, the
 * student runs forward once a step whatever is tapped, and its own model is what you export.
 *
 * @throws DistillError if a weight is out of range, lists differ in length, or models do not fit together.
 *
 * @example
 * const distiller = new Distiller({ student, teacher });
 * distiller.compile({ optimizer: train.adam(), alpha: 0.1, temperature: 10 });
 * await distiller.fit(xTrain, yTrain, { epochs: 3 });
 * await distiller.evaluate(xTest, yTest); // { loss: 0.06, accuracy: 0.98 }
 *
 * @see https://keras.io/api/models/distillation
 */
export class Distiller {
  readonly teacher: TeacherLike;
  readonly student: StudentLike;
  readonly #losses: readonly DistillationLoss[];
  readonly #weights: readonly number[];
  readonly #studentLossWeight: number;
  #manager: CompressionManager | undefined;
  #accuracyName = 'accuracy';

  constructor(options: DistillerOptions) {
    const { studentLossWeight } = parseOptions(schema, options, 'Distiller');
    const { teacher, student, distillationLosses = new LogitsDistillation() } = options;
    this.teacher = teacher;
    this.student = student;
    this.#losses = (
      Array.isArray(distillationLosses) ? distillationLosses : [distillationLosses]
    ) as DistillationLoss[];
    this.#weights = options.distillationLossWeights ?? this.#losses.map(() => 1);
    this.#studentLossWeight = studentLossWeight;
    if (this.#losses.length === 0)
      throw expected('distillationLosses', 'one or more losses', this.#losses, { where: 'Distiller' });
    if (this.#weights.length !== this.#losses.length) {
      const rule = `a list of ${this.#losses.length}, one for each loss`;
      throw expected('distillationLossWeights', rule, this.#weights, { where: 'Distiller' });
    }
  }

  /** The manager behind it, for hooks and all else. Made by `compile`. */
  get manager(): CompressionManager {
    if (this.#manager !== undefined) return this.#manager;
    throw new DistillError('ORDER', 'The distiller is not compiled.', {
      hint: 'Call `distiller.compile({ … })` first.',
    });
  }

  /**
   * Builds the manager. Calling it again starts over with a new optimizer; the student's weights stay.
   *
   * @throws DistillError for an unknown name, or models that do not fit together.
   */
  compile(options: CompileOptions = {}): void {
    const parts = compiledParts(options);
    this.dispose();
    this.#accuracyName = parts.accuracyName;
    this.#manager = prepareCompression(this.student, {
      teacher: this.teacher,
      criterion: this.#criteria(parts),
      optimizer: parts.optimizer,
      taskLoss: parts.taskLoss,
    });
  }

  #criteria({ softLoss, alpha = this.#studentLossWeight }: CompiledParts) {
    const losses = softLoss === undefined ? this.#losses : [softLoss];
    return losses.map((loss, i) => {
      const weight = (1 - alpha) * (softLoss === undefined ? (this.#weights[i] as number) : 1);
      return reweighted(loss, i === 0 ? { weight, taskWeight: alpha } : { weight });
    });
  }

  /** Trains the student; tensors stay yours. */
  async fit(x: Inputs, y: Tensor, options: DistillerFitOptions = {}): Promise<KerasHistory> {
    const { validationData, callbacks, ...rest } = options;
    const [validX, validY] = validationData ?? [];
    const history = await this.manager.fit(
      { x, y },
      {
        ...rest,
        ...(callbacks && { plugins: callbacks }),
        ...(validX && validY && { validation: { x: validX, y: validY } }),
      },
    );
    return kerasHistory(history, this.#weights, this.#accuracyName);
  }

  /** @returns Mean task loss and accuracy of the student, the latter under the metric's name. */
  async evaluate(x: Inputs, y: Tensor, options: { readonly batchSize?: number } = {}): Promise<Logs> {
    const { loss = NaN, accuracy = NaN } = await this.manager.evaluate({ x, y }, options);
    return { loss, [this.#accuracyName]: accuracy };
  }

  /** The student's logits. @returns `[batch, classes]`; the caller owns it. */
  predict(x: Inputs): Tensor {
    return asStudent(this.student).forward(x, { training: false }).output;
  }

  /** Frees the manager and optimizer; student and teacher stay yours. */
  dispose(): void {
    this.#manager?.dispose();
    this.#manager = undefined;
  }
}
