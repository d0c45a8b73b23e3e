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
    sign: /DO NOT MATCH THE HASHES|Hash mismatch|hashes? .*(mismatch|not match)/i,
    message: (requirement) => `The checksum of ${requirement} differs from the package index's.`,
    hint: `Nothing was installed. ${AGAIN} If it stays so, the index or a proxy on the way alters files.`,
  },
  {
    sign: /No matching distribution|Could not find a version/i,
    message: (requirement, output) =>
      `The package index has no ${requirement} for this platform${versionsIn(output)}.`,
    hint: 'Choose one with --tensorflow VERSION, or ask whoever keeps your mirror of PyPI to add it.',
  },
  {
    sign: /No space left|ENOSPC|Errno 28/i,
    message: (requirement) => `The disk was full while ${requirement} was fetched.`,
    hint: `Free some space, or set DISTILL_CACHE to a folder on another disk. ${AGAIN}`,
  },
  {
    sign: /ReadTimeout|ConnectTimeout|timed out|Connection ?(broken|reset|aborted|refused)|NewConnectionError|IncompleteRead|IncompleteDownload|incomplete|ProxyError|SSLError|Temporary failure in name resolution|resolve host/i,
    message: (requirement, output) => `The download of ${requirement} broke off (${lastLine(output)}).`,
    hint: `Check the network, or the proxy and index in pip's configuration. ${AGAIN}`,
  },
];

/** `" (it has 2.19.0, 2.20.0)"`, from pip's "(from versions: 2.19.0, 2.20.0)". */
function versionsIn(output: string): string {
  const versions = /from versions: ([^)]*)\)/.exec(output)?.[1]?.split(', ').slice(-6).join(', ');
  return versions && versions !== 'none' ? ` (it has ${versions})` : '';
}

const lastLine = (output: string): string =>
  output
    .trim()
    .split('\n')
    .filter((line) => !/^\s*(\[notice\]|WARNING: There was an error checking)/.test(line))
    .at(-1)
    ?.trim()
    .slice(0, 300) ?? 'no output';

/** Translates pip's output into one error that says what to do. */
export function pipFailure(requirement: string, output: string): DistillError {
  const known = KNOWN.find(({ sign }) => sign.test(output));
  if (known)
    return new DistillError('ENGINE', known.message(requirement, output), { where: WHERE, hint: known.hint });
  return new DistillError('ENGINE', `pip could not fetch ${requirement}: ${lastLine(output)}`, {
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
    : `Failed while ${step}: ${lastLine(messageOf(error))}`;
  const hint = full ? `Free some space, or set DISTILL_CACHE to a folder on another disk. ${AGAIN}` : AGAIN;
  return new DistillError('ENGINE', message, { where: WHERE, hint, cause: error });
}
