import { Command } from 'commander';
import { type EngineStatus } from '../../engine/listEngines.js';
import { print, printJson } from '../print.js';
import { progressDisplay } from '../progressBar.js';

/** `distill engine`: install, list and remove what training runs on. */
export const engine = (): Command =>
  new Command('engine')
    .description('what training runs on')
    .addCommand(install())
    .addCommand(ensure())
    .addCommand(list())
    .addCommand(remove());

interface InstallFlags {
  readonly gpu?: boolean;
  readonly tensorflow?: string;
  readonly force?: boolean;
}

const install = (): Command =>
  new Command('install')
    .description('install TensorFlow from its Python wheel into a per-user cache: the fastest engine')
    .option('--gpu', 'with CUDA, for an NVIDIA card on Linux')
    .option('--tensorflow <version>', "TensorFlow's version on PyPI")
    .option('--force', 'install again, even where a working engine is there')
    .action(async (flags: InstallFlags) => {
      const { installEngine } = await import('../../engine/install/installEngine.js');
      const display = progressDisplay();
      try {
        const report = await installEngine({ ...flags, onStep: display.step, onProgress: display.progress });
        display.stop();
        const { name, tensorflow, directory, installed, seconds, placed } = report;
        const what = `${name}: TensorFlow ${tensorflow} on Node.js ${process.versions.node}`;
        print(
          installed
            ? `${what}, installed in ${seconds} s, in ${directory}`
            : `${what}, here already: ${directory}`,
        );
        if (placed !== undefined) print(`The project's own tfjs-node got its binding: ${placed}`);
      } finally {
        display.stop();
      }
    });

const ensure = (): Command =>
  new Command('ensure')
    .description('install it where it is missing and can be installed; never fails; prints what came of it')
    .option('--dry-run', 'look only, install nothing')
    .action(async ({ dryRun = false }: { dryRun?: boolean }) => {
      process.env['PIP_RETRIES'] ??= '1'; // whoever is offline should not wait for long
      const { ensureEngine } = await import('../../engine/install/ensureEngine.js');
      const display = progressDisplay();
      const { step, progress } = display;
      const outcome = await ensureEngine({ dryRun, onMessage: step, onStep: step, onProgress: progress });
      display.stop();
      print(outcome);
    });

const list = (): Command =>
  new Command('list')
    .description('show every engine, usable or not, why not, and what to type')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { listEngines } = await import('../../engine/listEngines.js');
      const engines = await listEngines();
      if (json) printJson(engines);
      else for (const status of engines) print(describeEngine(status));
    });

const remove = (): Command =>
  new Command('remove')
    .description('remove what `engine install` made')
    .option('--gpu', 'the one with CUDA')
    .action(async ({ gpu }: { gpu?: boolean }) => {
      const { removeEngine } = await import('../../engine/removeEngine.js');
      const gone = await removeEngine(gpu ? 'gpu' : 'cpu');
      for (const line of gone.length > 0 ? gone.map((file) => `removed ${file}`) : ['nothing to remove'])
        print(line);
    });

/** e.g. `→ wasm            usable      4.22.0, simd: yes, threads: 1` */
export function describeEngine({
  engine,
  usable,
  chosen,
  version,
  facts,
  reason,
  remedy,
  onlyByName,
}: EngineStatus): string {
  const details = usable
    ? [version, ...Object.entries(facts ?? {}).map(([name, value]) => `${name}: ${value}`), onlyByName]
    : [[reason, remedy].filter(Boolean).join('; ')];
  const marks = `${chosen ? '→' : ' '} ${engine.padEnd(16)}${(usable ? 'usable' : 'not usable').padEnd(12)}`;
  return marks + details.filter(Boolean).join(', ');
}
