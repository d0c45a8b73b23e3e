import { delimiter } from 'node:path';
import { execa } from 'execa';

/** A Python that can import some modules, or why there is none. */
export type Python =
  | { readonly python: string; readonly missing?: never }
  | { readonly missing: string; readonly python?: never };

/** `DISTILL_PYTHON` names one or several, as PATH does; else it is `python3`. Nothing is installed: these are large. */
export async function pythonHaving(...modules: readonly string[]): Promise<Python> {
  for (const python of (process.env['DISTILL_PYTHON'] ?? 'python3').split(delimiter)) {
    const { failed } = await execa(python, ['-c', `import ${modules.join(', ')}`], { reject: false });
    if (!failed) return { python };
  }
  return { missing: `no Python with ${modules.join(' and ')}: name one by DISTILL_PYTHON` };
}
