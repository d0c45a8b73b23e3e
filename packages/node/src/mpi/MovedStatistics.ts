import { type Variable } from '@tensorflow/tfjs-core';
import { type Student, weightsOf } from '@tfjs-distill/core';

/** Those of a student's weights that move in its forward pass: the running statistics of batch norm. */
export class MovedStatistics {
  #before = new Map<Variable, object>();

  /** Call it before the forward pass. */
  note(student: Student): void {
    const trained = new Set(student.variables);
    const others = weightsOf(student).filter((weight) => !trained.has(weight));
    this.#before = new Map(others.map((weight) => [weight, weight.dataId]));
  }

  /** Those that were assigned to since then, in the student's order. */
  get moved(): readonly Variable[] {
    return [...this.#before].filter(([weight, dataId]) => weight.dataId !== dataId).map(([weight]) => weight);
  }
}
