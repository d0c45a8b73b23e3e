import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { quantile } from '@tfjs-distill/core';
import { type RemoteOptions } from '@tfjs-distill/node';

/** What one process of students is to do. */
export interface AskOrder {
  readonly url: string;
  readonly students: number;
  /** Of one ask. */
  readonly samples: number;
  readonly seconds: number;
  /** Of a sample. */
  readonly shape: readonly number[];
  readonly options: RemoteOptions;
}

export interface AskReport {
  /** Milliseconds of each ask. */
  readonly latencies: readonly number[];
  /** Answers that differ from the first about the same samples. */
  readonly wrong: number;
}

export interface Load {
  readonly asksPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly asks: number;
  readonly wrong: number;
}

const SOURCE = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];
const STUDENTS = fileURLToPath(new URL('askForAWhile.ts', import.meta.url));

/** Students in several processes ask a server without pause, all at the same time. */
export async function load(processes: number, order: AskOrder): Promise<Load> {
  const children = Array.from({ length: processes }, () =>
    fork(STUDENTS, [JSON.stringify(order)], { execArgv: SOURCE }),
  );
  try {
    await Promise.all(children.map((child) => said(child)));
    children.forEach((child) => child.send('go'));
    const reports = (await Promise.all(children.map((child) => said(child)))) as AskReport[];
    const latencies = reports.flatMap((report) => report.latencies);
    return {
      asksPerSecond: latencies.length / order.seconds,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      asks: latencies.length,
      wrong: reports.reduce((sum, { wrong }) => sum + wrong, 0),
    };
  } finally {
    children.forEach((child) => child.kill('SIGKILL'));
  }
}

async function said(child: ChildProcess): Promise<unknown> {
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`A process of students ended with code ${code}.`);
  });
  const [message] = (await Promise.race([once(child, 'message'), gone])) as [unknown];
  gone.catch(() => undefined);
  return message;
}
