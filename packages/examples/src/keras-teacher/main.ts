/**
 * A teacher that Keras trained and exported, as it is: TensorFlow runs its SavedModel in this process, and a small
 * student is distilled from it.
 *
 *   python3 packages/examples/src/keras-teacher/make_teacher.py .cache/keras-teacher      once
 *   npm run example:keras-teacher              1,000 labelled digits
 *   npm run example:keras-teacher -- --full    10,000 of them, 3 seeds
 */
import { openTeacher } from '@tfjs-distill/node';
import { distilFrom } from '../example/distilFrom.js';
import { madeTeacher } from '../example/madeTeacher.js';
import { runExample } from '../example/runExample.js';

await runExample({
  name: 'keras-teacher',
  description: 'A small student of digits, distilled from a Keras model.',
  options: {
    teacher: { value: 'folder', description: 'SavedModel of digits; default .cache/keras-teacher' },
  },
  run: async ({ teacher: place = '.cache/keras-teacher', ...options }) => {
    // its softmax is found out and undone; images are what it takes: channels last, 0 to 1
    const teacher = await openTeacher(await madeTeacher(place, 'keras-teacher'));
    try {
      return await distilFrom(teacher, options);
    } finally {
      teacher.dispose?.();
    }
  },
});
