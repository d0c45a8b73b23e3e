import { type CompressionManager } from './CompressionManager.js';
import { composeManager } from './di/composeManager.js';
import { checkOptions, type CompressionOptions } from './options.js';
import { type StudentLike } from './student/asStudent.js';

/**
 * Builds the manager that distils a teacher into a student.
 *
 * Synchronous; throws at once on anything wrong, before any training.
 *
 * @param student LayersModel that ends in logits, or `{ forward, variables }`. Its weights are trained in place.
 * @param options Teacher, criterion and what else differs from the defaults.
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
export function prepareCompression(student: StudentLike, options: CompressionOptions): CompressionManager {
  checkOptions(options);
  return composeManager(student, options);
}
