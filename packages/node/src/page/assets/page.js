/* global document, fetch, createImageBitmap, tf */
// What the page of `distill page` does: loads student and labels that lie beside it, and classifies images.
const SHOWN = 5;
const at = (id) => document.getElementById(id);

let student;
let labels;
let image;

async function begin() {
  tf.wasm.setWasmPaths(new URL('./', document.baseURI).href);
  if (!(await tf.setBackend('wasm').catch(() => false))) await tf.setBackend('cpu');
  labels = await (await fetch('labels.json')).json();
  student = await tf.loadLayersModel('student/model.json');
  document.title = at('title').textContent = labels.title;
  const [, height, width] = student.inputs[0].shape;
  at('facts').textContent =
    `${labels.classNames.length} classes, images of ${width}×${height}, ${Math.round(labels.bytes / 1000)} kB, computed by ${tf.getBackend()}.`;
  document.body.dataset.ready = 'true';
}

/** The image as the student takes it: resized, 0 to 1, one channel or three. */
function inputOf(bitmap) {
  const [, height, width, channels] = student.inputs[0].shape;
  const pixels = tf.image.resizeBilinear(tf.div(tf.browser.fromPixels(bitmap, 3), 255), [height, width]);
  const wanted = channels === 1 ? tf.mean(pixels, 2, true) : pixels;
  return at('invert').checked ? tf.sub(1, wanted) : wanted;
}

async function classify() {
  if (image === undefined || student === undefined) return;
  const input = tf.tidy(() => inputOf(image));
  const began = performance.now();
  const output = tf.tidy(() => {
    const answer = student.predict(tf.expandDims(input, 0));
    return labels.logits ? tf.softmax(answer) : answer;
  });
  const values = [...(await output.data())];
  const milliseconds = performance.now() - began;
  await tf.browser.toPixels(input, at('preview'));
  tf.dispose([input, output]);
  show(values, milliseconds);
}

function show(values, milliseconds) {
  const best = values.map((value, i) => ({ value, name: labels.classNames[i] ?? String(i) }));
  best.sort((a, b) => b.value - a.value);
  at('answer').textContent =
    `${best[0].name}, ${(best[0].value * 100).toFixed(1)} % sure, ${milliseconds.toFixed(1)} ms`;
  at('preview').setAttribute('aria-label', 'The image as the student sees it');
  at('classes').replaceChildren(
    ...best.slice(0, SHOWN).map(({ name, value }) => {
      const row = document.createElement('li');
      for (const text of [name, `${(value * 100).toFixed(2)} %`]) {
        const cell = document.createElement('span');
        cell.textContent = text;
        row.append(cell);
      }
      return row;
    }),
  );
}

async function take(file) {
  problem('');
  try {
    image = await createImageBitmap(file);
  } catch {
    return problem('This file is no image that the browser can read.');
  }
  await guarded(classify());
}

function problem(text) {
  at('problem').textContent = text;
  at('problem').hidden = text === '';
}

const guarded = (action) => action.catch((error) => problem(String(error.message ?? error)));

at('file').addEventListener('change', ({ target }) => target.files[0] && take(target.files[0]));
at('invert').addEventListener('change', () => guarded(classify()));
for (const type of ['dragover', 'dragleave', 'drop']) {
  at('drop').addEventListener(type, (event) => {
    event.preventDefault();
    at('drop').classList.toggle('over', type === 'dragover');
    if (type === 'drop' && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
}
void begin().catch((error) => problem(`The student could not be loaded: ${error.message}`));
