import * as z from 'zod';

const count = z.int().min(1);
const wait = z.int().min(0);
const perChannel = z.union([z.number(), z.array(z.number())]);

const preprocess = z
  .strictObject({
    layout: z.enum(['NHWC', 'NCHW']).optional().describe("Order of the teacher's axes. Default NHWC"),
    scale: z.number().optional().describe('Factor of every value, applied first'),
    mean: perChannel.optional().describe('Subtracted after scaling; one number or one a channel'),
    std: perChannel.optional().describe('Divided by at last; one number or one a channel'),
  })
  .describe('How the teacher wants its input');

const classes = z
  .union([
    z.array(z.int().min(0)),
    z.strictObject({ teacher: z.array(z.string()), student: z.array(z.string()) }),
  ])
  .describe("Where the student's classes are among the teacher's outputs: indices, or both lists of names");

/** A teacher as configuration files write it. */
export const teacherSpecSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .describe(
      'Folder or model.json of TensorFlow.js, folder of a SavedModel, .onnx file, .js module of a function, or address of a model server',
    ),
  name: z.string().min(1).optional(),
  outputs: z
    .enum(['logits', 'probabilities', 'auto'])
    .optional()
    .describe('What it gives. Default auto: found out'),
  preprocess: preprocess.optional(),
  classes: classes.optional(),
  logits: z.string().optional().describe('Name of the output that has the logits'),
  batchSize: count.optional().describe('Most samples a request'),
  concurrency: count.optional().describe('Requests under way at once'),
  window: wait
    .optional()
    .describe('How long a smaller ask waits for others to go along, milliseconds. Default 0'),
  timeout: count.optional().describe('Longest wait for an answer, milliseconds'),
  retries: wait.optional().describe('How often a request is repeated that failed for a passing reason'),
  backoff: wait.optional().describe('Wait before the first repetition, milliseconds; doubled each time'),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe('Sent with every request; ${NAME} is replaced by that environment variable'),
  tls: z
    .strictObject({ ca: z.string().optional(), cert: z.string().optional(), key: z.string().optional() })
    .optional()
    .describe('Certificate files in PEM format'),
  providers: z.array(z.string()).optional().describe('Where an ONNX model runs: cpu, cuda, dml, coreml'),
  signature: z.string().optional().describe('Function of a SavedModel. Default serving_default'),
});

/** See `teacherSpecSchema`. */
export type TeacherSpec = z.infer<typeof teacherSpecSchema>;
