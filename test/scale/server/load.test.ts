import { afterEach, describe, expect, it } from 'vitest';
import { type AskOrder, load } from './load.js';
import { freePort, serverProcess, type ServerProcess, SHAPE } from './serverProcess.js';

const servers: ServerProcess[] = [];
afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.kill()))));

async function serve(port: number, ...words: readonly string[]): Promise<ServerProcess> {
  const server = await serverProcess(port, ...words);
  servers.push(server);
  return server;
}

const order = (url: string, students: number, other: Partial<AskOrder> = {}): AskOrder => ({
  url,
  students,
  samples: 8,
  seconds: 3,
  shape: SHAPE,
  options: { timeout: 20_000 },
  ...other,
});

describe('one teacher for many students', () => {
  it.each([
    [1, 1],
    [2, 2],
    [4, 4],
  ])(
    'answers %i processes of %i students each rightly, merging what they ask',
    async (processes, students) => {
      const server = await serve(await freePort(), '--batch-size', '64');
      const { asks, wrong, asksPerSecond, p50, p99 } = await load(processes, order(server.url, students));
      const { samples, batches } = await server.stats();
      process.stdout.write(
        `${processes * students} students: ${asksPerSecond.toFixed(0)} asks/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${(samples / batches).toFixed(1)} samples a batch\n`,
      );
      expect(wrong).toBe(0);
      expect(asks).toBeGreaterThan(0);
      expect(samples).toBeGreaterThanOrEqual(8 * asks);
      if (processes * students > 1) expect(samples / batches).toBeGreaterThan(8);
      else expect(samples / batches).toBe(8);
    },
  );

  it('asks it nothing together that it takes no larger', async () => {
    const server = await serve(await freePort(), '--batch-size', '8');
    const { wrong } = await load(1, order(server.url, 4));
    expect(wrong).toBe(0);
    const { samples, batches } = await server.stats();
    expect(samples / batches).toBe(8);
  });

  it('loses no answer when the server is killed and started again', async () => {
    const port = await freePort();
    const server = await serve(port);
    const asking = load(2, order(server.url, 2, { seconds: 20, options: { backoff: 100, retries: 12 } }));
    await new Promise((resolve) => setTimeout(resolve, 8000));
    await server.kill();
    const again = await serve(port);
    const { wrong, asks } = await asking;
    expect(wrong).toBe(0);
    expect(asks).toBeGreaterThan(0);
    expect((await again.stats()).samples).toBeGreaterThan(0);
  });
});
