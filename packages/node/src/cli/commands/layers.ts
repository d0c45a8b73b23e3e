import { type ProposedMapping, type Shape } from '@tfjs-distill/core';
import { Command } from 'commander';
import { type ListedLayer } from '../../models/modelLayers.js';
import { print, printJson } from '../print.js';

/** `distill layers`: what of a model can be tapped; of two, which layers to compare. */
export const layers = (): Command =>
  new Command('layers')
    .description("list a model's layers; of a teacher and a student, propose which to compare")
    .argument('<model>', 'folder or model.json of a TensorFlow.js model; with a student: the teacher')
    .argument('[student]', 'the student')
    .option('--json', 'print JSON')
    .action(async (model: string, student: string | undefined, { json }: { json?: boolean }) => {
      const listed = await listOf(model);
      if (student === undefined) return json ? printJson(listed) : print(await layerTable(listed));
      const { proposeMappings } = await import('@tfjs-distill/core');
      const mappings = proposeMappings(listed, await listOf(student));
      if (json) printJson(criterionOf(mappings));
      else for (const line of describe(mappings)) print(line);
    });

async function listOf(location: string): Promise<readonly ListedLayer[]> {
  const { selectEngine } = await import('../../engine/selectEngine.js');
  const { openModel } = await import('../../models/openModel.js');
  const { modelLayers } = await import('../../models/modelLayers.js');
  await selectEngine({ onMessage: () => undefined });
  const model = await openModel(location);
  try {
    return modelLayers(model);
  } finally {
    model.dispose();
  }
}

async function layerTable(listed: readonly ListedLayer[]): Promise<string> {
  const { getBorderCharacters, table } = await import('table');
  const rows = listed.map(({ name, kind, shape, parameters }) => [
    name,
    kind ?? '',
    size(shape),
    parameters === undefined ? '' : parameters.toLocaleString('en'),
  ]);
  return table([['layer', 'class', 'output', 'parameters'], ...rows], {
    border: getBorderCharacters('norc'),
    columns: [{}, {}, {}, { alignment: 'right' }],
    drawHorizontalLine: (line, count) => line < 2 || line === count,
  }).trimEnd();
}

/** e.g. `? × 14 × 14 × 16`. */
const size = (shape: Shape): string => shape.map((length) => length ?? '?').join(' × ');

/** The proposal as a configuration has it. */
function criterionOf(mappings: readonly ProposedMapping[]) {
  const pairs = mappings.map(({ student, teacher }) => ({ student, teacher }));
  return { type: 'intermediate-layers', mappings: pairs };
}

function describe(mappings: readonly ProposedMapping[]): string[] {
  if (mappings.length === 0)
    return ['Nothing fits: the models have no layers of one kind but their outputs.'];
  const pairs = mappings.map(
    ({ student, teacher }) => `{ student: ${quoted(student)}, teacher: ${quoted(teacher)} },`,
  );
  const width = Math.max(...pairs.map(({ length }) => length));
  const lines = mappings.map(
    ({ studentShape, teacherShape }, i) =>
      `    ${pairs[i]?.padEnd(width)} // ${size(studentShape)}  →  ${size(teacherShape)}`,
  );
  return [
    'intermediateLayers({',
    '  mappings: [',
    ...lines,
    '  ],',
    '})',
    '',
    'As JSON, for a configuration file:',
    JSON.stringify(criterionOf(mappings)),
  ];
}

const quoted = (name: string): string => (name.includes("'") ? JSON.stringify(name) : `'${name}'`);
