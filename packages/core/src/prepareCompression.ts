import { type CompressionManager } from './CompressionManager.js';
import { composeManager } from './di/composeManager.js';
import { checkOptions, type CompressionConfig, type CompressionOptions, optionsOf } from './options.js';
import { type StudentLike } from './student/asStudent.js';

/**
 * Builds the manager that distils a teacher into a student.
 *
 * Synchronous; throws at once on anything wrong, before any training.
 *
 * @param student LayersModel that ends in logits, or `{ forward, variables }`. Its weights are trained in place.
 * @param config Teacher, criterion and what else differs from the defaults; or a configuration in another
 *   system's words that knows ours, such as Intel Neural Compressor's `DistillationConfig`.
 * @returns The manager; call its `dispose()` when done. Student and teacher stay yours.
 * @throws DistillError for an unknown option (nearest name offered), models whose classes do not fit, a value out of range.
 *
 * @example
 * const manager = prepareCompression(student, {
 *   teacher,
 *   criterion: knowledgeDistillation({ temperature: 10, alpha: 0.1 }),
 * });
 * await manager.fit({ x, y }, { epochs: 3 });
 */
export function prepareCompression(
  student: StudentLike,
  config: CompressionOptions | CompressionConfig,
): CompressionManager {
  const options = optionsOf(config);
  checkOptions(options);
  return composeManager(student, options);
}
