import { type NodeDef } from '../../compiled/savedModelProto.js';
import { type Constant } from '../../compiled/Trace.js';
import { constantNode } from '../../compiled/writeGraph.js';
import { type Size } from './freeBatch.js';

const INT32 = 3;
/** Name of the node that holds the batch's size. */
const BATCH = 'batch';

const scalar = (name: string, value: number): NodeDef =>
  constantNode(name, { shape: [], dtype: INT32, values: Int32Array.of(value) });

/**
 * The nodes that tell the batch's size.
 *
 * @param input Name of the node of a model's input.
 */
export function batchNodes(input: string, dtype: number): NodeDef[] {
  const int32 = { type: INT32 };
  return [
    {
      name: `${BATCH}/shape`,
      op: 'Shape',
      input: [`${input}:0`],
      attr: { T: { type: dtype }, out_type: int32 },
    },
    scalar(`${BATCH}/axis`, 0),
    {
      name: BATCH,
      op: 'GatherV2',
      input: [`${BATCH}/shape:0`, `${BATCH}/axis:0`, `${BATCH}/axis:0`],
      attr: { Tparams: int32, Tindices: int32, Taxis: int32 },
    },
  ];
}

/** A vector or scalar of numbers of which some follow the batch's size. */
export function vectorNodes(name: string, sizes: readonly Size[], shape: readonly number[]): NodeDef[] {
  const parts = sizes.map((size, i) => partNodes(`${name}/${i}`, size));
  const [only] = parts;
  const ends = parts.map((nodes) => `${(nodes.at(-1) as NodeDef).name}:0`);
  const last: NodeDef =
    shape.length === 0 && only
      ? { name, op: 'Identity', input: ends, attr: { T: { type: INT32 } } }
      : {
          name,
          op: 'Pack',
          input: ends,
          attr: { N: { i: ends.length }, T: { type: INT32 }, axis: { i: 0 } },
        };
  return [...parts.flat(), last];
}

function partNodes(name: string, size: Size): NodeDef[] {
  if ('fixed' in size) return [scalar(name, size.fixed)];
  const factor = scalar(`${name}/factor`, size.perBatch);
  const attr = { T: { type: INT32 } };
  return [factor, { name, op: 'Mul', input: [`${BATCH}:0`, `${factor.name}:0`], attr }];
}

/** A tensor of one number, of a shape that follows the batch's size. */
export function fillNodes(name: string, shape: readonly Size[], value: Constant): NodeDef[] {
  const dims = `${name}/shape`;
  return [
    ...vectorNodes(dims, shape, [shape.length]),
    constantNode(`${name}/value`, value),
    {
      name,
      op: 'Fill',
      input: [`${dims}:0`, `${name}/value:0`],
      attr: { T: { type: value.dtype }, index_type: { type: INT32 } },
    },
  ];
}
