export interface DemoOptions {
  /** Where the page goes; emptied first. */
  readonly out: string;
  /** Digits to train on. Default 4,000. */
  readonly train?: number;
  /** Digits to test on. Default 500. */
  readonly test?: number;
}
/** Builds the page: a folder that any static host can serve, under any path. */
export declare function buildDemo({ out, train, test }: DemoOptions): Promise<void>;
//# sourceMappingURL=buildDemo.d.ts.map
