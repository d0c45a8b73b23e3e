import { type ExampleRecord } from '../../../packages/examples/src/example/ExampleRecord.js';

/** A record as an example writes it. */
export const record: ExampleRecord = {
  example: 'sample',
  measure: 'test accuracy, %',
  command: 'npm run example:sample -- --full',
  engine: 'wasm',
  node: '20.19.0',
  date: '2026-02-03T04:05:06.000Z',
  seconds: 200,
  seeds: [1, 2, 3],
  settings: { images: 10 },
  rows: [
    { name: 'alone', source: '70.58', values: [69, 70, 71] },
    { name: 'distilled', source: '70.60', peer: '70.53', values: [72.25] },
    { name: 'not run', values: [] },
  ],
};
