import { type io } from '@tensorflow/tfjs-core';
import { hasUnfinished } from './browserCheckpoints.js';
import { element } from './element.js';
import { drawLine, type Point } from './lineChart.js';
import { showProblem } from './problem.js';
import { type News, type Order } from './Training.js';

type Phase = 'idle' | 'running' | 'paused' | 'done';
const LABELS = { idle: 'Distil', running: 'Distilling …', paused: 'Resume', done: 'Distil again' } as const;

/** The right side: starts, pauses and resumes the training in a worker, and shows how far it is. */
export class TrainingPanel {
  readonly #onStudent: (artifacts: io.ModelArtifacts) => void;
  readonly #start = element<HTMLButtonElement>('#distil');
  readonly #pause = element<HTMLButtonElement>('#pause');
  #worker: Worker | undefined;
  #phase: Phase = 'idle';
  #steps = 1;
  #loss: readonly Point[] = [];
  #accuracy: Point[] = [];

  constructor(onStudent: (artifacts: io.ModelArtifacts) => void) {
    this.#onStudent = onStudent;
    this.#start.addEventListener('click', () => this.#begin());
    this.#pause.addEventListener('click', () => this.#order({ type: 'pause' }));
  }

  /** Offers to go on with a training that a reload ended. */
  async offerUnfinished(): Promise<void> {
    if (!(await hasUnfinished())) return;
    this.#enter('paused');
    this.#say('A training was left unfinished in this browser.');
  }

  #begin(): void {
    showProblem('');
    const resume = this.#phase === 'paused';
    if (!resume) [this.#loss, this.#accuracy] = [[], []];
    this.#enter('running');
    this.#say('Loading digits and the teacher’s answers …');
    this.#order({ type: 'start', resume });
  }

  #order(order: Order): void {
    this.#worker ??= this.#newWorker();
    this.#worker.postMessage(order);
  }

  #newWorker(): Worker {
    const worker = new Worker(new URL('./distilWorker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<News>) => this.#hear(data));
    worker.addEventListener('error', ({ message }) =>
      this.#fail(message || 'the worker could not be loaded'),
    );
    return worker;
  }

  #hear(news: News): void {
    switch (news.type) {
      case 'progress':
        return this.#showProgress(news);
      case 'accuracy':
        this.#accuracy.push({ x: news.step, y: news.accuracy * 100 });
        return this.#draw();
      case 'paused':
        this.#enter('paused');
        return this.#say('Paused. It goes on from here, even after a reload.');
      case 'warning':
        return showProblem(news.text);
      case 'failed':
        return this.#fail(news.text);
      case 'done':
        this.#enter('done');
        this.#say(`Done after ${this.#steps} steps: ${this.#lastAccuracy()}. Draw, and compare.`);
        return this.#onStudent(news.artifacts);
    }
  }

  #fail(text: string): void {
    showProblem(`The training stopped: ${text}`);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#enter('idle');
    void this.offerUnfinished();
  }

  #showProgress({
    progress: { step, steps, secondsLeft },
    curve,
  }: Extract<News, { type: 'progress' }>): void {
    this.#steps = steps;
    this.#loss = curve.map(({ step: x, loss: y }) => ({ x, y }));
    element<HTMLProgressElement>('#progress').value = step / steps;
    const left = secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`;
    this.#say(`Step ${step} of ${steps}${left}. ${this.#lastAccuracy()}`);
    this.#draw();
  }

  #draw(): void {
    const loss = this.#loss.at(-1)?.y.toFixed(3) ?? 'not known';
    drawLine(element('#loss'), this.#loss, { xMax: this.#steps, label: `Loss, now ${loss}`, digits: 2 });
    drawLine(element('#accuracy'), this.#accuracy, {
      xMax: this.#steps,
      dots: true,
      label: this.#lastAccuracy() || 'No accuracy yet',
    });
  }

  #lastAccuracy(): string {
    const last = this.#accuracy.at(-1);
    return last === undefined ? '' : `${last.y.toFixed(1)} % of the test digits right`;
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#start.textContent = LABELS[phase];
    this.#start.disabled = phase === 'running';
    this.#pause.disabled = phase !== 'running';
  }

  #say(text: string): void {
    element('#state').textContent = text;
  }
}
