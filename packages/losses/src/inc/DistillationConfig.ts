import {
  type CompressionConfig,
  type CompressionOptions,
  parseOptions,
  type TeacherLike,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { KnowledgeDistillationLossConfig } from './KnowledgeDistillationLossConfig.js';
import { type Compat, type LossConfig } from './LossConfig.js';

export interface DistillationConfigOptions extends Omit<
  CompressionOptions,
  'criterion' | 'stages' | 'teacher' | 'teachers'
> {
  readonly teacherModel?: TeacherLike;
  /** Default `new KnowledgeDistillationLossConfig()`. */
  readonly criterion?: LossConfig;
  /** `inc` reproduces Intel Neural Compressor's numbers. Default: the mended form. */
  readonly compat?: Compat;
}

const schema = z.looseObject({
  teacherModel: z.optional(z.any()),
  criterion: z.optional(
    z.custom<LossConfig>(
      (value) => typeof (value as LossConfig | undefined)?.toCriterion === 'function',
      'a loss configuration, such as new KnowledgeDistillationLossConfig()',
    ),
  ),
  compat: z.optional(z.enum(['default', 'inc'])),
});

/**
 * Intel Neural Compressor's `DistillationConfig`, which `prepareCompression` takes in place of options.
 *
 * What else `prepareCompression` knows, such as `optimizer` and `plugins`, may stand beside its keys. The
 * configuration is read and never written to; there, the criterion of one is shared by all.
 *
 * @throws DistillError if `criterion` is no loss configuration; `prepareCompression` refuses unknown keys.
 *
 * @example
 * const conf = new DistillationConfig({ teacherModel, criterion: new KnowledgeDistillationLossConfig() });
 * const compressionManager = prepareCompression(student, conf);
 *
 * @see https://github.com/intel/neural-compressor/blob/v2.6.1/docs/source/distillation.md
 */
export class DistillationConfig implements CompressionConfig {
  readonly options: DistillationConfigOptions;

  constructor(options: DistillationConfigOptions = {}) {
    parseOptions(schema, options, 'DistillationConfig');
    this.options = options;
  }

  toOptions(): CompressionOptions {
    const { teacherModel, criterion, compat = 'default', ...rest } = this.options;
    const loss = criterion ?? new KnowledgeDistillationLossConfig();
    return {
      ...(loss.taskLoss && { taskLoss: loss.taskLoss }),
      ...rest,
      ...(loss.needsTeacher && teacherModel !== undefined && { teacher: teacherModel }),
      criterion: loss.toCriterion(compat),
    };
  }
}
