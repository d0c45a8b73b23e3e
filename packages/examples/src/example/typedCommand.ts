/**
 * The command that was typed, as records tell it: folders and files are of this machine and no one else's, and
 * `--record` and `--json` decide nothing.
 *
 * @param verb What runs the example, e.g. `npm run example:hints`.
 * @param places What stands for the value of an option that names a place.
 * @example
 * typedCommand('npm start', ['--full', '--data', '/home/me/mnist', '--record'], { '--data': 'FOLDER' });
 * // npm start -- --full --data FOLDER
 */
export function typedCommand(
  verb: string,
  parameters: readonly string[],
  places: Readonly<Record<string, string>>,
): string {
  const words = parameters.flatMap((word, i) => {
    if (word === '--record' || word === '--json') return [];
    const [option = '', ...given] = word.split('=');
    const place = places[option];
    if (place !== undefined && given.length > 0) return [`${option}=${place}`];
    return [places[parameters[i - 1] ?? ''] ?? word];
  });
  return [verb, ...(words.length > 0 ? ['--'] : []), ...words].join(' ');
}
