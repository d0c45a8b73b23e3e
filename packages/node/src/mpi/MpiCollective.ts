import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DistillError } from '@tfjs-distill/core';
import { type Collective } from './Collective.js';
import { type OpenMpi } from './loadOpenMpi.js';
import { PeerLost } from './PeerLost.js';

const IN_PLACE = 1n;
const ANY_SOURCE = -1;
/** Of messages by which a rank takes its leave. */
const FAREWELL = 7077;
/** Small enough for MPI to take it from the sender at once. */
const FAREWELL_BYTES = 512;
/** Milliseconds between two looks at the others, while waiting for them. */
const LOOK_EVERY = 20;
/** Milliseconds before a waiting rank lets others use its processor. */
const SPIN = 1;
/** How long a rank that has ended well may be waited for: what it sent last may still be on its way. */
const GRACE = 5_000;
/** Waits longer than this mean that the ranks do not do the same. */
const LIMIT = 30 * 60_000;

/** The ranks of a job of Open MPI. One a process. */
export class MpiCollective implements Collective {
  readonly rank: number;
  readonly size: number;
  readonly #mpi: OpenMpi;
  readonly #request = new BigUint64Array(1);
  readonly #flag = new Int32Array(1);
  /** Process numbers of the other ranks on this machine. */
  readonly #neighbours: ReadonlyMap<number, number>;
  #left: { readonly rank: number; readonly at: number } | undefined;
  #ended = false;

  /** Joins the job. The process leaves it when it exits. */
  constructor(mpi: OpenMpi) {
    this.#mpi = mpi;
    mpi.init(null, null);
    this.rank = this.#ask(mpi.rank);
    this.size = this.#ask(mpi.size);
    this.#neighbours = this.#findNeighbours();
    process.once('exit', (code) => this.#leave(code));
  }

  allReduceSum(values: Float32Array, meanwhile?: () => void): void {
    const { world, float, sum } = this.#mpi;
    this.#begin();
    this.#mpi.iallreduce(IN_PLACE, values, values.length, float, sum, world, this.#request);
    meanwhile?.();
    this.#finish();
  }

  broadcast(values: Float32Array | Uint8Array): void {
    const { world, byte } = this.#mpi;
    this.#begin();
    this.#mpi.ibcast(values, values.byteLength, byte, 0, world, this.#request);
    this.#finish();
  }

  async barrier(): Promise<void> {
    this.#begin();
    this.#mpi.ibarrier(this.#mpi.world, this.#request);
    while (!this.#isDone()) {
      this.#lookAtOthers();
      await sleep(LOOK_EVERY);
    }
  }

  abort(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sayFarewell(reason);
  }

  #begin(): void {
    if (!this.#ended) return;
    throw new DistillError('ORDER', 'The ranks of this training have parted; start the job anew.', {
      where: 'mpi-data-parallel',
    });
  }

  /** Waits without sleeping at first, for it may take microseconds; then so that others can use the processor. */
  #finish(): void {
    const began = performance.now();
    let looked = began;
    for (let turn = 1; !this.#isDone(); turn++) {
      if (turn % 16 !== 0) continue;
      const now = performance.now();
      if (now - began > SPIN) doze();
      if (now - looked < LOOK_EVERY) continue;
      looked = now;
      this.#lookAtOthers();
      if (now - began > LIMIT)
        throw this.#lost(this.rank, 'has waited for the others for half an hour', false);
    }
  }

  #isDone(): boolean {
    this.#mpi.test(this.#request, this.#flag, null);
    return this.#flag[0] !== 0;
  }

  #ask(question: OpenMpi['rank']): number {
    const answer = new Int32Array(1);
    question(this.#mpi.world, answer);
    return answer[0] ?? 0;
  }

  #findNeighbours(): ReadonlyMap<number, number> {
    const { rank, size } = this;
    const all = new Float32Array(2 * size); // both numbers are whole and below 2²⁴
    all[2 * rank] = process.pid;
    all[2 * rank + 1] = hashOf(hostname());
    this.allReduceSum(all);
    const here = all[2 * rank + 1];
    const others = Array.from({ length: size }, (_, other) => other).filter(
      (other) => other !== rank && all[2 * other + 1] === here,
    );
    return new Map(others.map((other) => [other, all[2 * other] ?? 0]));
  }

  /** @throws PeerLost if one of them cannot answer any more. Of those on other machines mpirun takes care. */
  #lookAtOthers(): void {
    this.#readFarewells();
    for (const [rank, pid] of this.#neighbours) {
      if (isAlive(pid) || this.#left?.rank === rank) continue;
      this.#readFarewells(); // it may have been its last word
      if (this.#left?.rank !== rank)
        throw this.#lost(rank, `(process ${pid}) is gone: killed or crashed`, false);
    }
    if (this.#left !== undefined && performance.now() - this.#left.at > GRACE)
      throw this.#lost(this.#left.rank, 'has ended its training, and this one has not', false);
  }

  #readFarewells(): void {
    const { world, byte } = this.#mpi;
    const status = new Int32Array(6); // source, tag, error, cancelled, count (8 bytes)
    this.#mpi.iprobe(ANY_SOURCE, FAREWELL, world, this.#flag, status);
    if (this.#flag[0] === 0) return;
    const from = status[0] ?? 0;
    const text = new Uint8Array(FAREWELL_BYTES);
    this.#mpi.recv(text, FAREWELL_BYTES, byte, from, FAREWELL, world, null);
    const reason = new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
    if (reason !== '') throw this.#lost(from, `has failed: ${reason.replace(/\.$/, '')}`, true);
    this.#left ??= { rank: from, at: performance.now() };
  }

  #lost(rank: number, what: string, told: boolean): PeerLost {
    this.#ended = true;
    return new PeerLost(rank, this.size, what, told);
  }

  /** @param reason Empty for a rank that ends well. */
  #sayFarewell(reason: string): void {
    const { world, byte } = this.#mpi;
    const text = new Uint8Array(FAREWELL_BYTES);
    new TextEncoder().encodeInto(reason, text.subarray(0, FAREWELL_BYTES - 1));
    for (let to = 0; to < this.size; to++) {
      if (to === this.rank) continue;
      this.#mpi.isend(text, FAREWELL_BYTES, byte, to, FAREWELL, world, new BigUint64Array(1));
    }
  }

  #leave(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sayFarewell(code === 0 ? '' : `it exited with code ${code}`);
    if (code === 0) this.#mpi.finalize();
  }
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Gives the processor away for about 0.1 ms: nothing ever changes this number. */
const doze = (): void => void Atomics.wait(NEVER, 0, 0, 0.1);

/** 24 bits of FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash & 0xffffff;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
