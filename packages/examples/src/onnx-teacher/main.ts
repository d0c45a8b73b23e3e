/**
 * A teacher that PyTorch trained and exported as ONNX: it wants channels first and normalized pixels, which is
 * declared, and runs beside any engine; a small student is distilled from it.
 *
 *   python3 packages/examples/src/onnx-teacher/make_teacher.py .cache/teacher.onnx      once
 *   npm run example:onnx-teacher              1,000 labelled digits
 *   npm run example:onnx-teacher -- --full    10,000 of them, 3 seeds
 */
import { openTeacher } from '@tfjs-distill/node';
import { distilFrom } from '../example/distilFrom.js';
import { madeTeacher } from '../example/madeTeacher.js';
import { runExample } from '../example/runExample.js';

/** As make_teacher.py normalizes; bytes are 0 to 1 already. */
const preprocess = { layout: 'NCHW', mean: 0.1307, std: 0.3081 } as const;

await runExample({
  name: 'onnx-teacher',
  description: 'A small student of digits, distilled from an ONNX model.',
  options: {
    teacher: { value: 'file', description: 'ONNX model of digits; default .cache/teacher.onnx' },
  },
  run: async ({ teacher: place = '.cache/teacher.onnx', ...options }) => {
    const model = await madeTeacher(place, 'onnx-teacher');
    const teacher = await openTeacher({ model, preprocess, outputs: 'logits' });
    try {
      return await distilFrom(teacher, options);
    } finally {
      teacher.dispose?.();
    }
  },
});
