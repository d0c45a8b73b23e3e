import { access } from 'node:fs/promises';
import { DistillError } from '@tfjs-distill/core';

/**
 * The place of a teacher that a Python script of an example makes.
 *
 * @throws DistillError `DATA` where nothing is there, with the commands that make it.
 */
export async function madeTeacher(place: string, example: string): Promise<string> {
  const folder = `packages/examples/src/${example}`;
  try {
    await access(place);
    return place;
  } catch (cause) {
    const hint =
      `Make it by \`python3 ${folder}/make_teacher.py ${place}\`` +
      ` (\`pip install -r ${folder}/requirements.txt\` once), or name yours by --teacher.`;
    throw new DistillError('DATA', `There is no teacher at ${place}.`, { hint, cause });
  }
}
