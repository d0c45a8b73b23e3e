import { type Criterion, type CriterionClass } from '../criterion/Criterion.js';
import { type Token } from './tokens.js';

/** The parts of one manager, each made when it is first asked for. Seen by the composition root alone. */
export interface Parts {
  /** How a part is made, unless a module has bound it. */
  offer<T>(token: Token<T>, make: () => T): void;
  /** @throws If nobody has bound it. */
  get<T>(token: Token<T>): T;
  /** Everything that is bound to a token, in the order of the modules. */
  all<T>(token: Token<T>): readonly T[];
  /** The one instance of a class. @throws If it cannot be made. */
  construct(Class: CriterionClass): Criterion;
}
