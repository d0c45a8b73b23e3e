import { DistillError } from '@tfjs-distill/core';

/**
 * Headers with every `${NAME}` replaced by that environment variable, so that no secret stands in a file.
 *
 * @throws DistillError `OPTION` if a variable is not set.
 */
export function withEnvironment(
  headers: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const filled = (text: string, header: string) =>
    text.replace(/\$\{(\w+)\}/g, (_, name: string) => {
      const value = environment[name];
      if (value !== undefined) return value;
      throw new DistillError(
        'OPTION',
        `Header "${header}" asks for the environment variable ${name}, which is not set.`,
        {
          where: 'teacher.headers',
        },
      );
    });
  return Object.fromEntries(Object.entries(headers).map(([header, text]) => [header, filled(text, header)]));
}
