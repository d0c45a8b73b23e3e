import { io } from '@tensorflow/tfjs-core';

const PLACE = 'indexeddb://tfjs-distill-demo-student';

/** Keeps the student for the next visit. @throws If the browser's storage is full or closed. */
export async function keepStudent(artifacts: io.ModelArtifacts): Promise<void> {
  await io.getSaveHandlers(PLACE)[0]?.save?.(artifacts);
}

/** The student of an earlier visit. */
export async function keptStudent(): Promise<io.IOHandler | undefined> {
  const models = await io.listModels().catch(() => ({}));
  return PLACE in models ? io.getLoadHandlers(PLACE)[0] : undefined;
}

/** A model from files that a person chose. @throws If they are no TensorFlow.js model. */
export function chosenFiles(files: readonly File[]): io.IOHandler {
  const topology = files.find(({ name }) => name.endsWith('.json'));
  if (topology === undefined) throw new Error('Choose model.json together with its .bin files.');
  return io.browserFiles([topology, ...files.filter((file) => file !== topology)]);
}
