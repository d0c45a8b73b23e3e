import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Writes a converted graph of `2 x · [[0, 1, 2], [1, 1, 1]]`, whose inner node `hidden` is `2 x`. */
export async function saveGraphModel(folder: string, { format = true } = {}): Promise<void> {
  const float = { T: { type: 'DT_FLOAT' } };
  const shape = (...sizes: number[]) => ({ shape: { dim: sizes.map((size) => ({ size: String(size) })) } });
  const constant = (name: string) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: 'DT_FLOAT' }, value: { tensor: { dtype: 'DT_FLOAT' } } },
  });
  const node = [
    { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: shape(-1, 2) } },
    constant('kernel'),
    constant('two'),
    { name: 'hidden', op: 'Mul', input: ['x', 'two'], attr: float },
    {
      name: 'logits',
      op: 'MatMul',
      input: ['hidden', 'kernel'],
      attr: { ...float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
  ];
  const weights = [
    { name: 'kernel', shape: [2, 3], dtype: 'float32' },
    { name: 'two', shape: [], dtype: 'float32' },
  ];
  const model = {
    ...(format && { format: 'graph-model' }),
    modelTopology: { node, library: {}, versions: {} },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'model.json'), JSON.stringify(model));
  await writeFile(path.join(folder, 'weights.bin'), Buffer.from(Float32Array.of(0, 1, 2, 1, 1, 1, 2).buffer));
}
