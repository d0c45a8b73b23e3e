const WIDTH = 400;
const HEIGHT = 160;
const LEFT = 52;
const BOTTOM = 22;
const TOP = 10;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface ChartOptions {
  /** Last step of all: the axis does not move while points come. */
  readonly xMax: number;
  readonly dots?: boolean;
  /** What a screen reader says of it. */
  readonly label: string;
  readonly digits?: number;
}

/** Draws a curve into an SVG of 400×160, with three lines to read it by. */
export function drawLine(svg: SVGElement, points: readonly Point[], options: ChartOptions): void {
  const { xMax, dots = false, label, digits = 1 } = options;
  svg.setAttribute('aria-label', label);
  if (points.length === 0) return svg.replaceChildren();
  const [low, high] = rangeOf(points.map(({ y }) => y));
  const xAt = (x: number) => LEFT + (x / Math.max(1, xMax)) * (WIDTH - LEFT - 8);
  const yAt = (y: number) => TOP + ((high - y) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const grid = [low, (low + high) / 2, high].flatMap((value) => [
    shape('line', { class: 'grid', x1: LEFT, x2: WIDTH - 8, y1: yAt(value), y2: yAt(value) }),
    shape('text', { x: LEFT - 6, y: yAt(value) + 4, 'text-anchor': 'end' }, value.toFixed(digits)),
  ]);
  const ends = [
    shape('text', { x: LEFT, y: HEIGHT - 4 }, 'step 0'),
    shape('text', { x: WIDTH - 8, y: HEIGHT - 4, 'text-anchor': 'end' }, String(xMax)),
  ];
  const line = shape('polyline', { points: points.map(({ x, y }) => `${xAt(x)},${yAt(y)}`).join(' ') });
  const marks = dots ? points.map(({ x, y }) => shape('circle', { cx: xAt(x), cy: yAt(y), r: 3.5 })) : [];
  svg.replaceChildren(...grid, ...ends, line, ...marks);
}

function rangeOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

function shape(tag: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.textContent = text;
  return made;
}
