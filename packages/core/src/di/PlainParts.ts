import { type Criterion, type CriterionClass } from '../criterion/Criterion.js';
import { expected } from '../errors.js';
import { isPartsModule, type Module } from './Module.js';
import { type Parts } from './Parts.js';
import { type Token } from './tokens.js';

/** Parts in a map: all that a manager without injected classes needs. */
export class PlainParts implements Parts {
  readonly #makers = new Map<Token, (() => unknown)[]>();

  /** @throws DistillError for a module of inversify's. */
  constructor(modules: readonly Module[]) {
    modules.forEach((module, i) => {
      if (!isPartsModule(module)) throw unknownModule(module, i);
      for (const [token, part] of module.parts) this.#add(token, () => part);
    });
  }

  offer<T>(token: Token<T>, make: () => T): void {
    if (!this.#makers.has(token)) this.#add(token, once(make));
  }

  get<T>(token: Token<T>): T {
    const [make] = this.#makers.get(token) ?? [];
    if (make === undefined) throw new Error(`Nothing is bound to ${String(token)}.`);
    return make() as T;
  }

  all<T>(token: Token<T>): readonly T[] {
    return (this.#makers.get(token) ?? []).map((make) => make() as T);
  }

  construct(Class: CriterionClass): Criterion {
    if (Class.length > 0) throw new Error('Injection needs `@tfjs-distill/core/di` to be imported.');
    const token = Class as Token<Criterion>;
    this.offer(token, () => new Class());
    return this.get(token);
  }

  #add(token: Token, make: () => unknown): void {
    this.#makers.set(token, [...(this.#makers.get(token) ?? []), make]);
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly part: T } | undefined;
  return () => (made ??= { part: make() }).part;
}

const unknownModule = (module: unknown, i: number) =>
  expected(`modules.${i}`, 'made by criteriaModule or pluginsModule', module, {
    where: 'prepareCompression',
    hint: 'A ContainerModule of inversify needs `@tfjs-distill/core/di` to be imported.',
  });
