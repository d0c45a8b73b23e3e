import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  BatchMatMul,
  type BatchMatMulAttrs,
  type BatchMatMulInputs,
  broadcast_util,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { allocate, dispose, floats, type KernelCall, reshaped, wrappedKernel } from './kernel.js';
import { transpose2d } from './transpose2d.js';

type Call = KernelCall<BatchMatMulInputs, BatchMatMulAttrs>;
type MatMul = (call: Call) => TensorInfo;

/** One product `[rows, shared] · [shared, columns]`, each side stored as named or transposed. */
interface Product {
  readonly rows: number;
  readonly shared: number;
  readonly columns: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Below this many multiplications a matrix of a batch is not worth a call of its own (about 20 µs). */
const WORTH_A_CALL = 2 ** 16;

/**
 * Matrix product.
 *
 * The stock kernel is fast (XNNPACK, 40 GFLOP/s with SIMD) for one product of two matrices as they are stored, and
 * a plain loop (3 GFLOP/s) for a transposed side or a batch. The gradient of every dense layer has a transposed
 * side. Here a transposed side is transposed first, and a batch of larger matrices runs matrix by matrix.
 */
export const batchMatMul = wrappedKernel(BatchMatMul, fastMatMul);

function fastMatMul(call: Call, stock: MatMul): TensorInfo {
  const { a, b } = call.inputs;
  const product = productOf(call);
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const matrices = util.sizeFromShape(batch);
  const { rows, shared, columns, transposeA, transposeB } = product;
  const isFloat = a.dtype === 'float32' && b.dtype === 'float32';
  const isPlain = matrices === 1 && !transposeA && !transposeB;
  if (!isFloat || isPlain || rows * shared * columns === 0) return stock(call);
  const outShape = [...batch, rows, columns];
  if (matrices === 1) return reshaped(oneProduct(call.backend, a, b, product, stock), outShape);
  const worthIt = rows * shared * columns >= WORTH_A_CALL && sameBatch(a, b);
  return worthIt ? eachProduct(call, product, outShape, stock) : stock(call);
}

function productOf({ inputs: { a, b }, attrs: { transposeA, transposeB } }: Call): Product {
  const [aRows = 1, aColumns = 1] = a.shape.slice(-2);
  const [bRows = 1, bColumns = 1] = b.shape.slice(-2);
  const [rows, shared] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [sharedB, columns] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  util.assert(shared === sharedB, () => `matMul: inner sizes ${shared} and ${sharedB} must match.`);
  return { rows, shared, columns, transposeA, transposeB };
}

function sameBatch(a: TensorInfo, b: TensorInfo): boolean {
  return util.arraysEqual(a.shape.slice(0, -2), b.shape.slice(0, -2));
}

/** Either transposes what is stored transposed, or what is not, and the result: whichever moves fewer numbers. */
function oneProduct(
  backend: BackendWasm,
  a: TensorInfo,
  b: TensorInfo,
  { rows, shared, columns, transposeA, transposeB }: Product,
  stock: MatMul,
): TensorInfo {
  const aSize = rows * shared;
  const bSize = shared * columns;
  const straight = (transposeA ? aSize : 0) + (transposeB ? bSize : 0);
  const mirrored = (transposeA ? 0 : aSize) + (transposeB ? 0 : bSize) + rows * columns;
  const left = { tensor: a, rows, columns: shared, turned: transposeA };
  const right = { tensor: b, rows: shared, columns, turned: transposeB };
  if (straight <= mirrored) return plainProduct(backend, left, right, stock);
  const turned = plainProduct(backend, mirror(right), mirror(left), stock);
  const out = transpose2d(backend, turned, columns, rows);
  dispose(backend, turned);
  return out;
}

/** A `[rows, columns]` matrix, stored as `[columns, rows]` where it is turned. */
interface Side {
  readonly tensor: TensorInfo;
  readonly rows: number;
  readonly columns: number;
  readonly turned: boolean;
}

function mirror({ tensor, rows, columns, turned }: Side): Side {
  return { tensor, rows: columns, columns: rows, turned: !turned };
}

function plainProduct(backend: BackendWasm, left: Side, right: Side, stock: MatMul): TensorInfo {
  const [a, b] = [left, right].map(({ tensor, rows, columns, turned }) =>
    reshaped(turned ? transpose2d(backend, tensor, columns, rows) : tensor, [1, rows, columns]),
  ) as [TensorInfo, TensorInfo];
  const out = stock({ inputs: { a, b }, attrs: { transposeA: false, transposeB: false }, backend });
  if (left.turned) dispose(backend, a);
  if (right.turned) dispose(backend, b);
  return out;
}

function eachProduct(
  { inputs, backend }: Call,
  product: Product,
  outShape: number[],
  stock: MatMul,
): TensorInfo {
  const { rows, shared, columns } = product;
  const out = allocate(backend, outShape);
  const matrices = util.sizeFromShape(outShape) / (rows * columns);
  for (let i = 0; i < matrices; i++) {
    const a = matrixAt(backend, inputs.a, i, rows * shared);
    const b = matrixAt(backend, inputs.b, i, shared * columns);
    const one = oneProduct(backend, a, b, product, stock);
    floats(backend, out).set(floats(backend, one), i * rows * columns);
    dispose(backend, a, b, one);
  }
  return out;
}

/** A copy: XNNPACK remembers a right-hand side by its tensor, so every matrix needs one of its own. */
function matrixAt(backend: BackendWasm, batch: TensorInfo, index: number, size: number): TensorInfo {
  const matrix = allocate(backend, [size]);
  floats(backend, matrix).set(floats(backend, batch).subarray(index * size, (index + 1) * size));
  return matrix;
}
