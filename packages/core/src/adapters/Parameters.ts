import {
  engine,
  fill,
  randomUniform,
  type Tensor,
  tidy,
  variable,
  type Variable,
} from '@tensorflow/tfjs-core';

/**
 * The variables of one part that is trained beside the student: drawn from a seed, and named so that
 * a checkpoint finds them again.
 *
 * A name is `<part>/<variable>`; where another living part has it, `<part>_2/<variable>` and so on.
 * The same criteria made in the same order have the same names.
 *
 * @example
 * const parameters = new Parameters('fitnet/conv1-conv3', 1);
 * const kernel = parameters.uniform('kernel', [16, 32], 16, 32); // "fitnet/conv1-conv3/kernel"
 */
export class Parameters {
  readonly #name: string;
  readonly #seed: number;
  readonly #variables: Variable[] = [];

  constructor(name: string, seed: number) {
    this.#name = freeName(name);
    this.#seed = seed;
  }

  get variables(): readonly Variable[] {
    return this.#variables;
  }

  /** Glorot's uniform: ±√(6 / (fanIn + fanOut)) keeps the variance of what passes through. */
  uniform(name: string, shape: number[], fanIn: number, fanOut: number): Variable {
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    const seed = this.#seed * 1000 + this.#variables.length; // another one for each variable
    return this.#add(name, () => randomUniform(shape, -limit, limit, 'float32', seed));
  }

  constant(name: string, shape: number[], value: number): Variable {
    return this.#add(name, () => fill(shape, value));
  }

  dispose(): void {
    for (const parameter of this.#variables.splice(0)) parameter.dispose();
  }

  #add(name: string, make: () => Tensor): Variable {
    const made = tidy(() => variable(make(), true, `${this.#name}/${name}`));
    this.#variables.push(made);
    return made;
  }
}

/** tfjs-core wants names unique among all living variables. */
function freeName(name: string): string {
  const taken = Object.keys(engine().registeredVariables);
  const isTaken = (candidate: string) => taken.some((other) => other.startsWith(`${candidate}/`));
  let free = name;
  for (let n = 2; isTaken(free); n++) free = `${name}_${n}`;
  return free;
}
