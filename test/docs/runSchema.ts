import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { runJsonSchema } from '../../packages/node/src/run/config/runJsonSchema.js';

export const RUN_SCHEMA = new URL('../../packages/node/schema/run.schema.json', import.meta.url);
export const RUNS_PAGE = new URL('../../docs/runs.md', import.meta.url);

/** What packages/node/schema/run.schema.json has to be. */
export const runSchemaText = (): string => `${JSON.stringify(runJsonSchema(), null, 2)}\n`;

interface Node {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly not?: unknown;
  readonly $defs?: Readonly<Record<string, Node>>;
}

const [BEGIN, END] = ['<!-- Begin: reference, by scripts/runSchema.mjs -->', '<!-- End: reference -->'];

/** docs/runs.md with the reference as the schema has it; the rest is written by hand. */
export async function runsPage(page: string): Promise<string> {
  const [before = '', rest = ''] = page.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  const path = fileURLToPath(RUNS_PAGE);
  const text = `${before}${BEGIN}\n\n${reference()}\n\n${END}${after}`;
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}

function reference(): string {
  const root = runJsonSchema() as Node;
  const resolved = ({ $ref, ...node }: Node): Node =>
    $ref === undefined ? node : { ...resolved(root.$defs?.[$ref.replace('#/$defs/', '')] ?? {}), ...node };
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const row = (path: string, node: Node) => {
    const { description = '', default: value } = resolved(node);
    const shown = value === undefined || isEmpty(value) ? '' : `\`${JSON.stringify(value)}\``;
    return `| \`${path}\` | ${cell(description)} | ${cell(shown)} |`;
  };
  const rows = (node: Node, prefix: string): string[] =>
    Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
      const { properties } = resolved(child);
      const path = `${prefix}${key}`;
      return [row(path, child), ...(properties ? rows(resolved(child), `${path}.`) : [])];
    });
  const table = (lines: readonly string[]) =>
    ['| key | what it says | default |', '| --- | --- | --- |', ...lines].join('\n');
  const datasets = branches(root.properties?.['dataset'], resolved).map((branch) => {
    const type = resolved(branch.properties?.['type'] ?? {}).const;
    const own = Object.entries(branch.properties ?? {}).filter(([key]) => key !== 'type' && key !== 'limit');
    return [`### \`type: ${String(type)}\``, '', table(own.map(([key, child]) => row(key, child)))].join(
      '\n',
    );
  });
  const main = rows({ properties: withoutSchema(root.properties ?? {}) }, '');
  return [table(main), '## Data sets', ...datasets].join('\n\n');
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0 && !Array.isArray(value);

const withoutSchema = ({ $schema: _, ...rest }: Readonly<Record<string, Node>>) => rest;

/** The objects with a `type` among alternatives. */
function branches(node: Node | undefined, resolved: (node: Node) => Node): Node[] {
  if (node === undefined) return [];
  const { anyOf = [], oneOf = [], properties } = resolved(node);
  if (properties?.['type'] !== undefined) return [resolved(node)];
  return [...anyOf, ...oneOf].flatMap((part) => branches(part, resolved));
}
