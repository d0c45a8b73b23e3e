import { type Answer } from './Classifier.js';

/** Draws what a network says of a digit: the likeliest, how sure, how long it took, all ten. */
export function drawAnswer(
  place: HTMLElement,
  {
    name,
    bytes,
    answer,
  }: { readonly name: string; readonly bytes: number; readonly answer: Answer | undefined },
): void {
  const best = answer && bestOf(answer);
  const facts = [
    best && `${percent(best.probability)} sure, ${answer.milliseconds.toFixed(1)}${NO_BREAK}ms`,
    size(bytes),
  ];
  place.replaceChildren(
    part('h3', name),
    part('p', best ? String(best.digit) : '–', 'digit'),
    part('p', facts.filter(Boolean).join(' · '), 'facts note'),
    bars(answer?.probabilities ?? Array.from({ length: 10 }, () => 0)),
  );
}

/** The same for who listens. */
export function spokenAnswer(name: string, answer: Answer): string {
  const { digit, probability } = bestOf(answer);
  return `${name}: ${digit}, ${percent(probability)} sure.`;
}

function bestOf({ probabilities }: Answer): { digit: number; probability: number } {
  const probability = Math.max(...probabilities);
  return { digit: probabilities.indexOf(probability), probability };
}

const NO_BREAK = '\u00a0'; // a number and its unit stay in one line
const percent = (part: number): string => `${(part * 100).toFixed(1)}${NO_BREAK}%`;
const size = (bytes: number): string => `${Math.round(bytes / 1000)}${NO_BREAK}kB download`;

function bars(probabilities: readonly number[]): HTMLElement {
  const list = part('ol', '', 'bars');
  list.setAttribute('aria-hidden', 'true'); // the best is said in words
  const rows = probabilities.map((probability, digit) => {
    const row = part('li', String(digit));
    const bar = document.createElement('i');
    bar.style.transform = `scaleX(${Math.max(probability, 0.003)})`;
    row.append(bar);
    return row;
  });
  list.append(...rows);
  return list;
}

function part(tag: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}
