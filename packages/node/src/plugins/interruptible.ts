import { type Plugin } from '@tfjs-distill/core';

export interface InterruptibleOptions {
  /** Whether the process ends when the training has; else `fit` returns, with the signal as its stop reason. Default true. */
  readonly exit?: boolean;
}

/** Signals and what a shell expects of a program that ended by them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof EXIT_CODES;

/**
 * Lets SIGINT (Ctrl+C) and SIGTERM end the training after the running step, so that a checkpoint is written, and then
 * the process, by exit code 130 or 143. A second signal ends the process at once.
 *
 * Put it behind the other plugins: nothing runs after its `onTrainEnd`.
 *
 * @example
 * await manager.fit(data, { epochs: 20, plugins: [checkpoints({ dir: 'runs/a' }), interruptible()] });
 */
export function interruptible({ exit = true }: InterruptibleOptions = {}): Plugin {
  let received: Signal | undefined;
  const listener = (signal: Signal) => {
    if (received !== undefined) process.exit(EXIT_CODES[signal]);
    received = signal;
  };
  const signals = Object.keys(EXIT_CODES) as Signal[];
  const ignore = () => signals.forEach((signal) => process.off(signal, listener));
  const look = ({ stop }: { readonly stop: (reason: string) => void }) => {
    if (received !== undefined) stop(received);
  };
  return {
    name: 'interruptible',
    onTrainBegin: () => {
      received = undefined;
      ignore();
      signals.forEach((signal) => process.on(signal, listener));
    },
    onStepEnd: look, // in time for who writes checkpoints
    onEpochEnd: look,
    onTrainEnd: {
      order: 'last',
      handler: () => {
        ignore();
        if (received === undefined) return;
        process.exitCode = EXIT_CODES[received];
        if (exit) process.exit();
      },
    },
    onError: ignore,
    dispose: ignore,
  };
}
