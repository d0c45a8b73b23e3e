import { type Shape } from './ModelSignature.js';

/** A layer that can be tapped: its address and the shape of its output, batch first. */
export interface TappableLayer {
  readonly name: string;
  readonly shape: Shape;
  /** Class of the layer, e.g. `Conv2D`, if it is known. */
  readonly kind?: string;
}

export interface ProposedMapping {
  readonly student: string;
  readonly teacher: string;
  /** Shapes of the two outputs, for whoever has to choose. */
  readonly studentShape: Shape;
  readonly teacherShape: Shape;
}

/** Layers of one rank that belong together; its end is what a mapping wants. */
interface Stage {
  readonly end: TappableLayer;
  /** Spatial sizes of a map or a sequence; nothing where there are none. */
  readonly sizes: string;
  /** Share of all stages of this rank that end with it, up to 1. */
  readonly depth: number;
}

/**
 * Proposes which layers of a student to compare with which of a teacher.
 *
 * Layers of one rank are cut into stages: by spatial size, and where that never changes (transformers,
 * vectors) by block. Stage ends of the same size come together first; what is left between them is
 * matched by depth. Inputs, the output and layers that only rearrange are left out.
 *
 * @param teacher, student Layers in the order in which they run.
 * @returns From shallow to deep; empty where nothing fits.
 *
 * @example
 * proposeMappings(
 *   [{ name: 'block1', shape: [null, 16, 16, 64] }, { name: 'block2', shape: [null, 8, 8, 128] }, { name: 'logits', shape: [null, 10] }],
 *   [{ name: 'conv1', shape: [null, 16, 16, 16] }, { name: 'conv2', shape: [null, 8, 8, 32] }, { name: 'logits', shape: [null, 10] }],
 * ); // conv1 – block1, conv2 – block2
 */
export function proposeMappings(
  teacher: readonly TappableLayer[],
  student: readonly TappableLayer[],
): readonly ProposedMapping[] {
  const ranks = [...new Set(student.map(({ shape }) => shape.length))].sort((a, b) => b - a);
  return ranks.flatMap((rank) => matchStages(stagesOf(teacher, rank), stagesOf(student, rank)));
}

/** Student stages with one of the teacher each; both go from shallow to deep, and no teacher stage comes twice. */
function matchStages(teacher: readonly Stage[], student: readonly Stage[]): ProposedMapping[] {
  const places = student.map(({ sizes }) => {
    const alone = sizes !== '' && student.filter((stage) => stage.sizes === sizes).length === 1;
    return alone ? teacher.findLastIndex((stage) => stage.sizes === sizes) : -1;
  });
  return student.flatMap(({ end, depth }, i) => {
    const before = Math.max(-1, ...places.slice(0, i));
    const behind = places.slice(i + 1).find((place) => place > before) ?? teacher.length;
    const free = teacher.slice(before + 1, behind);
    const chosen = (places[i] ?? -1) > before ? teacher[places[i] as number] : nearest(free, depth);
    if (chosen === undefined) return [];
    places[i] = teacher.indexOf(chosen);
    const { name, shape } = chosen.end;
    return [{ student: end.name, teacher: name, studentShape: end.shape, teacherShape: shape }];
  });
}

function nearest(stages: readonly Stage[], depth: number): Stage | undefined {
  const distance = (stage: Stage) => Math.abs(stage.depth - depth);
  return stages.reduce<Stage | undefined>(
    (best, stage) => (best === undefined || distance(stage) < distance(best) ? stage : best),
    undefined,
  );
}

/** They compute nothing of their own: what is before them says the same and has a better name. */
const REARRANGING =
  /^(InputLayer|Flatten|Reshape|Permute|RepeatVector|Masking|.*Dropout\dD|.*Dropout|GaussianNoise|ZeroPadding2D|Cropping2D)$/;
/** They end the block that the layer before them began. */
const TRAILING = /^(Activation|.*ReLU|ELU|Softmax|.*Normalization)$/;

function stagesOf(layers: readonly TappableLayer[], rank: number): readonly Stage[] {
  const inner = layers
    .slice(0, -1)
    .filter(({ kind = '', shape }) => shape.length === rank && !REARRANGING.test(kind));
  const bySize = lastOfEach(inner, (layer, last) => sizesOf(layer) === sizesOf(last));
  const ends = bySize.length > 1 ? bySize : blockEnds(inner);
  return ends.map((end, i) => ({ end, sizes: sizesOf(end), depth: (i + 1) / ends.length }));
}

/** Where the size never changes: the sums that close residual blocks, else every layer with what trails it. */
function blockEnds(layers: readonly TappableLayer[]): readonly TappableLayer[] {
  const blocks = lastOfEach(layers, ({ kind = '' }) => TRAILING.test(kind));
  const sums = layers.flatMap(({ kind }, i) =>
    kind === 'Add' ? [blocks.find((end) => layers.indexOf(end) >= i)] : [],
  );
  return sums.length > 0 ? sums.filter((end) => end !== undefined) : blocks;
}

/** The last layer of each run, where `joins` says whether a layer belongs to the run of the one before it. */
function lastOfEach(
  layers: readonly TappableLayer[],
  joins: (layer: TappableLayer, last: TappableLayer) => boolean,
): readonly TappableLayer[] {
  const ends: TappableLayer[] = [];
  for (const layer of layers) {
    const last = ends.at(-1);
    if (last !== undefined && joins(layer, last)) ends.pop();
    ends.push(layer);
  }
  return ends;
}

const sizesOf = ({ shape }: TappableLayer): string => shape.slice(1, -1).join('×');
