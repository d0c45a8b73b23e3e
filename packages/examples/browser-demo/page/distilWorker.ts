import { io, train } from '@tensorflow/tfjs-core';
import {
  checkpoints,
  type CheckpointStore,
  cosine,
  disposeState,
  learningRate,
  messageOf,
  newestCheckpoint,
  type Plugin,
  prepareCompression,
  progress,
  stepHistory,
  type StepRow,
  storedTeacher,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { browserCheckpoints } from './browserCheckpoints.js';
import { digitTensors, testDigits, trainDigits } from './digits.js';
import { onGraphicsLost } from './onGraphicsLost.js';
import { startBackend } from './startBackend.js';
import { studentModel } from './studentModel.js';
import { type News, type Order } from './Training.js';

const EPOCHS = 12;
const BATCH = 64;
const RATE = 5e-3;
/** What every backend can divide by: its default differs among them, and a training may go on on another one. */
const EPSILON = 1e-4;
/** Steps between two points of the curve, and between two checkpoints. */
const LOOK_EVERY = 5;
const KEEP_EVERY = 25;

let pause = new AbortController();
const tell = (news: News) => self.postMessage(news);

self.addEventListener('message', ({ data: order }: MessageEvent<Order>) => {
  if (order.type === 'pause') return pause.abort();
  pause = new AbortController();
  distil(order.resume, pause.signal).catch((error: unknown) =>
    tell({ type: 'failed', text: messageOf(error) }),
  );
});

/** Trains a student from the teacher's stored logits, without the teacher. */
async function distil(resume: boolean, signal: AbortSignal): Promise<void> {
  await startBackend(['wasm', 'webgl', 'cpu']);
  onGraphicsLost(() =>
    tell({ type: 'failed', text: 'the graphics card gave up. Resume goes on from what was kept.' }),
  );
  const [{ digits, store }, asked] = await Promise.all([trainDigits(), testDigits()]);
  const data = digitTensors(digits);
  const validation = digitTensors(asked);
  const student = studentModel(1);
  const kept = browserCheckpoints((reason) =>
    tell({
      type: 'warning',
      text: `Nothing can be kept in this browser (${reason}): a reload of the page would begin anew.`,
    }),
  );
  if (!resume) for (const name of await kept.list()) await kept.remove(name);
  const manager = prepareCompression(student, {
    teacher: storedTeacher(store),
    criterion: knowledgeDistillation({ temperature: 4, alpha: 0.1 }),
    optimizer: train.adam(RATE, 0.9, 0.999, EPSILON),
    plugins: [
      learningRate({ rate: cosine({ from: RATE, to: 0 }) }),
      checkpoints({ dir: kept, everySteps: KEEP_EVERY, keep: 1 }),
      ...reporters(),
    ],
  });
  try {
    const going = resume && (await isThere(kept));
    const options = { epochs: EPOCHS, batchSize: BATCH, validation, signal, ...(going && { resume: kept }) };
    const { stopReason } = await manager.fit(data, options);
    if (stopReason !== undefined) return tell({ type: 'paused' });
    await student.save(io.withSaveHandler((artifacts) => Promise.resolve(handOver(artifacts))));
    for (const name of await kept.list()) await kept.remove(name);
  } finally {
    manager.dispose();
    student.dispose();
    store.dispose();
    for (const tensor of [data.x, data.y, validation.x, validation.y]) tensor.dispose();
  }
}

/** The curve is part of the checkpoints, so that it goes on too. */
function reporters(): Plugin[] {
  const rows: StepRow[] = [];
  return [
    stepHistory(rows, { every: LOOK_EVERY }),
    progress({
      update: ({ step, steps = step, secondsLeft }) => {
        const curve = rows.map(({ step: at, loss }) => ({ step: at, loss }));
        tell({ type: 'progress', progress: { step, steps, secondsLeft }, curve });
      },
    }),
    {
      name: 'accuracy',
      onAfterEval: ({ metrics: { accuracy = NaN }, epoch, stepsPerEpoch = 0, stopReason }) => {
        if (stopReason === undefined) tell({ type: 'accuracy', step: (epoch + 1) * stepsPerEpoch, accuracy });
      },
    },
  ];
}

async function isThere(store: CheckpointStore): Promise<boolean> {
  const found = await newestCheckpoint(store).catch(() => undefined); // all damaged: begin anew
  if (found) disposeState(found.state);
  return found !== undefined;
}

function handOver(artifacts: io.ModelArtifacts): io.SaveResult {
  tell({ type: 'done', artifacts });
  return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
}
