/** One line of an example's table: a network or a way of training it. */
export interface ExampleRow {
  readonly name: string;
  /** What the source reports, as it writes it. */
  readonly source?: string;
  /** What the source's own software gave on this project's machine; see the example's README. */
  readonly peer?: string;
  /** Measured here: one value per seed. */
  readonly values: readonly number[];
}

export interface ExampleTable {
  /** Heading of the measured column, e.g. `test accuracy, %`. */
  readonly measure: string;
  readonly rows: readonly ExampleRow[];
}

/** What one run of an example found: `packages/examples/results/NAME.json`, committed for full runs. */
export interface ExampleRecord extends ExampleTable {
  readonly example: string;
  /** Which of the example's tables, where it has several runs: `packages/examples/results/NAME.PART.json`. */
  readonly part?: string;
  /** What was typed. */
  readonly command: string;
  readonly engine: string;
  readonly node: string;
  readonly date: string;
  readonly seeds: readonly number[];
  /** Everything that decides the numbers. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  /** Other measures of the same run. */
  readonly further?: readonly ExampleTable[];
}
