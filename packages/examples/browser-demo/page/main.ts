import { io } from '@tensorflow/tfjs-core';
import { drawAnswer, spokenAnswer } from './answerView.js';
import { Classifier } from './Classifier.js';
import { type Digits, digitAt, testDigits } from './digits.js';
import { DrawingPad } from './DrawingPad.js';
import { element } from './element.js';
import { fileUrl } from './fetchBytes.js';
import { onGraphicsLost } from './onGraphicsLost.js';
import { showProblem, wordsOf } from './problem.js';
import { registerOffline } from './registerOffline.js';
import { type Backend, BACKENDS, forgetBackend, startBackend } from './startBackend.js';
import { chosenFiles, keepStudent, keptStudent } from './studentFiles.js';
import { toDigit } from './toDigit.js';
import { TrainingPanel } from './TrainingPanel.js';

const PREFERRED: readonly Backend[] = ['wasm', 'webgl', 'cpu'];
const NAMES = { teacher: 'Teacher', student: 'Student' } as const;
type Who = keyof typeof NAMES;

const networks: Partial<Record<Who, Classifier>> = {};
const backends = element<HTMLSelectElement>('#backend');
const download = element<HTMLButtonElement>('#download');
const pad = new DrawingPad(element('#pad'), element('#pen'), () => void say(answer()));
const panel = new TrainingPanel((artifacts) => void say(takeStudent(artifacts)));
let digits: Digits | undefined;
let example = 0;
let asking: Promise<void> = Promise.resolve();

/** Whatever goes wrong is said on the page. */
async function say(action: Promise<unknown>): Promise<void> {
  try {
    await action;
  } catch (error) {
    showProblem(wordsOf(error));
  }
}

/** One question at a time; strokes that come meanwhile are answered together. */
let waiting = false;
function answer(): Promise<void> {
  if (!waiting) {
    waiting = true;
    asking = asking.then(ask, ask);
  }
  return asking;
}

async function ask(): Promise<void> {
  waiting = false;
  const digit = toDigit(pad.drawing);
  const spoken: string[] = [];
  for (const who of Object.keys(NAMES) as Who[]) {
    const network = networks[who];
    const said = digit && (await network?.classify(digit));
    if (network) drawAnswer(element(`#${who}`), { name: NAMES[who], bytes: network.bytes, answer: said });
    if (said) spoken.push(spokenAnswer(NAMES[who], said));
  }
  element('#spoken').textContent = spoken.join(' ');
}

async function install(who: Who, handler: io.IOHandler): Promise<void> {
  const fresh = await Classifier.open(handler);
  await asking;
  networks[who]?.dispose();
  networks[who] = fresh;
  download.disabled = networks.student === undefined;
  await answer();
}

async function takeStudent(artifacts: io.ModelArtifacts): Promise<void> {
  await install('student', io.fromMemory(artifacts));
  await keepStudent(artifacts).catch((error: unknown) => {
    throw new Error(`The student works, but could not be kept for your next visit: ${wordsOf(error)}`);
  });
}

/** Models live on a backend: they are made anew on another. @returns Which of these it is. */
async function moveTo(wanted: readonly Backend[]): Promise<Backend> {
  await asking;
  const started = await startBackend(wanted);
  backends.value = started;
  onGraphicsLost(() => void say(recover(started)));
  for (const who of Object.keys(NAMES) as Who[]) {
    const network = networks[who];
    if (network) await install(who, io.fromMemory(network.artifacts));
  }
  document.body.dataset['backend'] = started;
  return started;
}

async function choose(wanted: Backend): Promise<void> {
  const started = await moveTo([wanted, ...PREFERRED]);
  if (started === wanted) return showProblem('');
  showProblem(`${BACKENDS[wanted]} does not work in this browser: ${BACKENDS[started]} goes on.`);
}

async function recover(lost: Backend): Promise<void> {
  if (backends.value === lost) {
    asking = Promise.resolve(); // what was asked of it may never be answered
    const now = await moveTo(['wasm', 'cpu']);
    showProblem(`The graphics card gave up (${BACKENDS[lost]}). Nothing is lost: ${BACKENDS[now]} goes on.`);
  }
  forgetBackend(lost);
}

async function begin(): Promise<void> {
  for (const who of Object.keys(NAMES) as Who[]) {
    drawAnswer(element(`#${who}`), { name: NAMES[who], bytes: 0, answer: undefined });
  }
  element('#student .facts').textContent = 'Not distilled yet: press Distil.';
  backends.append(...Object.entries(BACKENDS).map(([value, text]) => new Option(text, value)));
  await moveTo(PREFERRED);
  await panel.offerUnfinished();
  await install('teacher', io.http(fileUrl('teacher/model.json'))).catch((error: unknown) => {
    throw new Error(
      `The teacher could not be loaded (${wordsOf(error)}). Is there a network? Reload to try again.`,
    );
  });
  const kept = await keptStudent();
  if (kept) await install('student', kept);
  digits = await testDigits();
  showExample();
}

function showExample(): void {
  if (digits) pad.show(digitAt(digits, example++ % digits.count));
}

element('#clear').addEventListener('click', () => pad.clear());
element('#example').addEventListener('click', showExample);
backends.addEventListener('change', () => void say(choose(backends.value as Backend)));
download.addEventListener(
  'click',
  () => void say(networks.student?.save('downloads://student') ?? Promise.resolve()),
);
element<HTMLInputElement>('#files').addEventListener('change', ({ target }) => {
  const files = [...((target as HTMLInputElement).files ?? [])];
  void say(Promise.resolve().then(() => install('student', chosenFiles(files))));
});
window.addEventListener('unhandledrejection', ({ reason }) => showProblem(wordsOf(reason)));

await say(begin());
document.body.dataset['ready'] = 'true';
registerOffline((text) => (element('#offline').textContent = text));
