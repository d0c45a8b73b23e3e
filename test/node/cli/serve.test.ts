import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { run } from '../../../packages/node/src/cli/main.js';
import { distillHere } from './distillHere.js';

const TEACHER = fileURLToPath(
  new URL('../../../packages/examples/src/mnist-distiller/teacher', import.meta.url),
);

async function told(...words: readonly string[]): Promise<string> {
  const { code, err } = await distillHere('serve', ...words);
  expect(code).toBe(1);
  return err;
}

describe('distill serve', () => {
  it('says in one line that there is no such teacher', async () => {
    expect(await told('--teacher', './nowhere')).toMatch(
      /^openTeacher: There is no teacher at .*nowhere\. .*\n$/,
    );
  });

  it('says in one line that its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const line = await told('--teacher', TEACHER, '--port', String(port));
      expect(line).toMatch(new RegExp(`127\\.0\\.0\\.1:${port} cannot be listened on: .*EADDRINUSE.*\\n$`));
      expect(line.trim().split('\n')).toHaveLength(1);
    } finally {
      other.close();
    }
  });

  it('ends by a Ctrl-C that comes while it starts', async () => {
    const out: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      process.emit('SIGINT');
      return out.push(String(text)) > 0;
    });
    const engine = process.env['TEST_ENGINE'] ?? 'cpu';
    await run(['serve', '--teacher', TEACHER, '--port', '0', '--engine', engine]);
    spy.mockRestore();
    expect(out).toEqual([expect.stringMatching(/^http:.*: Ctrl-C ends it\.\n$/)]);
    expect(process.exitCode ?? 0).toBe(0);
  });
});
