import { type Drawing, SIDE } from './toDigit.js';

const LINE = 0.08; // of the side
const KEY_STEP = 0.035;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A canvas to draw on by mouse, touch, pen or keyboard: arrows move, Space lowers and lifts the pen, Delete clears. */
export class DrawingPad {
  readonly #canvas: HTMLCanvasElement;
  readonly #pen: HTMLElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #onChange: () => void;
  #at = { x: 0.5, y: 0.3 };
  #keyDown = false;

  /** @param pen Shows where the keyboard's pen is; a sibling laid over the canvas. */
  constructor(canvas: HTMLCanvasElement, pen: HTMLElement, onChange: () => void) {
    this.#canvas = canvas;
    this.#pen = pen;
    this.#onChange = onChange;
    this.#context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    Object.assign(this.#context, {
      lineCap: 'round',
      lineJoin: 'round',
      lineWidth: canvas.width * LINE,
      strokeStyle: getComputedStyle(canvas).color,
    });
    canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    canvas.addEventListener('pointermove', (event) => this.#follow(event));
    canvas.addEventListener('keydown', (event) => this.#onKey(event));
    this.#showPen();
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#onChange();
  }

  /** Puts a digit of 28×28 bytes onto the canvas. */
  show(pixels: Uint8Array): void {
    const image = new ImageData(SIDE, SIDE);
    pixels.forEach((value, i) => image.data.set([...this.#rgb(), value], i * 4));
    const small = new OffscreenCanvas(SIDE, SIDE);
    small.getContext('2d')?.putImageData(image, 0, 0);
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#context.drawImage(small, 0, 0, this.#canvas.width, this.#canvas.height);
    this.#onChange();
  }

  get drawing(): Drawing {
    const { width, height } = this.#canvas;
    const { data } = this.#context.getImageData(0, 0, width, height);
    return { side: width, ink: data.filter((_, i) => i % 4 === 3) };
  }

  #rgb(): number[] {
    return (getComputedStyle(this.#canvas).color.match(/[\d.]+/g) ?? ['0', '0', '0']).slice(0, 3).map(Number);
  }

  #begin(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#at = this.#placeOf(event);
    this.#lineTo(this.#at);
  }

  #follow(event: PointerEvent): void {
    if (!this.#canvas.hasPointerCapture(event.pointerId)) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) this.#lineTo(this.#placeOf(each));
  }

  #onKey(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    if (event.key === ' ') {
      this.#keyDown = !this.#keyDown;
      if (this.#keyDown) this.#lineTo(this.#at);
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.clear();
    else if (arrow === undefined) return;
    else this.#moveBy(arrow);
    event.preventDefault();
    this.#showPen();
  }

  #moveBy([x, y]: readonly [number, number]): void {
    const to = { x: inside(this.#at.x + x * KEY_STEP), y: inside(this.#at.y + y * KEY_STEP) };
    if (this.#keyDown) this.#lineTo(to);
    else this.#at = to;
  }

  #lineTo(to: { readonly x: number; readonly y: number }): void {
    const { width, height } = this.#canvas;
    this.#context.beginPath();
    this.#context.moveTo(this.#at.x * width, this.#at.y * height);
    this.#context.lineTo(to.x * width, to.y * height);
    this.#context.stroke();
    this.#at = { ...to };
    this.#showPen();
    this.#onChange();
  }

  #placeOf({ clientX, clientY }: PointerEvent): { x: number; y: number } {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  }

  #showPen(): void {
    this.#pen.style.left = `${this.#at.x * 100}%`;
    this.#pen.style.top = `${this.#at.y * 100}%`;
    this.#pen.classList.toggle('down', this.#keyDown);
  }
}

const inside = (part: number): number => Math.min(0.95, Math.max(0.05, part));
