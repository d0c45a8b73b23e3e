import { DistillError, messageOf } from '@tfjs-distill/core';

const WHERE = 'engine install';
const AGAIN = 'Run the same command again: what is complete is kept.';

interface Known {
  readonly sign: RegExp;
  readonly message: (requirement: string, output: string) => string;
  readonly hint: string;
}

/** What pip says when it fails, and what that means here. The first that matches wins. */
const KNOWN: readonly Known[] = [
  {
    sign: /DO NOT MATCH THE HASHES|Hash mismatch/i,
    message: (requirement) => `The checksum of ${requirement} differs from the package index's.`,
    hint: `Nothing was installed. ${AGAIN} If it stays so, the index or a proxy on the way alters files.`,
  },
  {
    sign: /from versions: (?!none)/,
    message: (requirement, output) =>
      `The package index has no ${requirement} for this platform (it has ${versionsIn(output)}).`,
    hint: 'Choose one with --tensorflow VERSION.',
  },
  {
    sign: /No space left|Errno 28/i,
    message: (requirement) => `The disk was full while ${requirement} was fetched.`,
    hint: `Free some space, or set DISTILL_CACHE to a folder on another disk. ${AGAIN}`,
  },
  {
    sign: /connection (error|broken|reset|aborted|refused)|NewConnectionError|timed? ?out|Incomplete|ProxyError|SSLError|name resolution|Wheel .* is invalid/i,
    message: (requirement, output) =>
      `The download of ${requirement} broke off (${short(networkLine(output))}).`,
    hint: `Check the network, or the proxy and index in pip's configuration. ${AGAIN}`,
  },
  {
    sign: /No matching distribution/,
    message: (requirement) => `The package index has no ${requirement} for this platform.`,
    hint: 'See that the index can be reached, and whether your mirror of PyPI lacks it; --tensorflow VERSION takes another.',
  },
];

/** The last few of pip's "(from versions: 2.19.0, 2.20.0)". */
const versionsIn = (output: string): string =>
  /from versions: ([^)]*)\)/.exec(output)?.[1]?.split(', ').slice(-6).join(', ') ?? '';

/** What broke a connection, without what pip wraps around it. */
function networkLine(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => !/No matching distribution|Could not find a version/.test(line));
  return lastLine(lines.join('\n'))
    .replace(/^.*after connection broken by /, '')
    .replace(/<pip\._vendor[^>]*>: /, '');
}

const lastLine = (output: string): string =>
  output
    .trim()
    .split('\n')
    .filter((line) => !/^\s*(\[notice\]|WARNING: There was an error checking)/.test(line))
    .at(-1)
    ?.trim() ?? 'no output';

/** Where programs say what went wrong: compilers, npm. Their last line is seldom it. */
const TELLING = [/\berror: /, /^npm error (?!code|syscall|errno| )/];

/** The line of a failed program's output, or of an error, that tells most. */
function tellingLine(output: string): string {
  const lines = output.split('\n');
  const telling = TELLING.map((sign) => lines.find((line) => sign.test(line))).find(
    (line) => line !== undefined,
  );
  return telling?.trim() ?? lastLine(output);
}

const short = (line: string): string => (line.length > 300 ? `${line.slice(0, 299)}…` : line);

/** Translates pip's output into one error that says what to do. */
export function pipFailure(requirement: string, output: string): DistillError {
  const known = KNOWN.find(({ sign }) => sign.test(output));
  if (known)
    return new DistillError('ENGINE', known.message(requirement, output), { where: WHERE, hint: known.hint });
  return new DistillError('ENGINE', `pip could not fetch ${requirement}: ${short(lastLine(output))}`, {
    where: WHERE,
    hint: AGAIN,
  });
}

/** Any step's failure as an error of this library; one that is already passes through. */
export function stepFailure(step: string, error: unknown): DistillError {
  if (error instanceof DistillError) return error;
  const code = (error as { code?: unknown }).code;
  const full = code === 'ENOSPC' || /ENOSPC|No space left/i.test(messageOf(error));
  const message = full
    ? `The disk is full (while ${step}).`
    : `Failed while ${step}: ${short(tellingLine(messageOf(error)))}.`;
  const hint = full ? `Free some space, or set DISTILL_CACHE to a folder on another disk. ${AGAIN}` : AGAIN;
  return new DistillError('ENGINE', message, { where: WHERE, hint, cause: error });
}
