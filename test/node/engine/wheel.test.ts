import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Command } from '../../../packages/node/src/engine/install/tools.js';
import { announcedSize, downloadWheel } from '../../../packages/node/src/engine/install/wheel.js';
import { buildIndex, buildWheel, packageFiles } from './buildWheel.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'distill-wheel-'))));
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const PIP: Command = ['python3', '-m', 'pip'];
const hasPip = (() => {
  try {
    execFileSync(PIP[0], [...PIP.slice(1), '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const request = (overrides: object = {}) => ({
  pip: PIP,
  requirement: 'tiny==1.0',
  tags: ['any'],
  directory: path.join(folder, 'wheels'),
  ...overrides,
});

const tinyWheel = () =>
  buildWheel(path.join(folder, 'made/tiny-1.0-py3-none-any.whl'), {
    'tiny/data.txt': 'x'.repeat(200_000),
    ...packageFiles('tiny', '1.0'),
  });

/** The wheel's name is unknown to every index but the given one; nothing leaves this machine. */
function useIndex(url: string): void {
  vi.stubEnv('PIP_INDEX_URL', url);
  vi.stubEnv('PIP_EXTRA_INDEX_URL', undefined);
  vi.stubEnv('PIP_FIND_LINKS', undefined);
  vi.stubEnv('PIP_RETRIES', '0');
  vi.stubEnv('PIP_CONFIG_FILE', os.devNull);
}

describe.skipIf(!hasPip)('downloading with pip (skipped where there is no pip)', () => {
  it('brings the wheel and its checksum', async () => {
    const made = await tinyWheel();
    useIndex(await buildIndex(folder, 'tiny', made));
    const { file, sha256 } = await downloadWheel(request());
    expect(path.basename(file)).toBe('tiny-1.0-py3-none-any.whl');
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await readFile(file)).toEqual(await readFile(made));
    expect(await readdir(path.join(folder, 'wheels'))).toEqual([
      'tiny-1.0-py3-none-any.whl',
      'tiny-1.0.json',
    ]);
  });

  it('does not fetch again what is here whole', async () => {
    useIndex(await buildIndex(folder, 'tiny', await tinyWheel()));
    const first = await downloadWheel(request());
    await rm(path.join(folder, 'simple'), { recursive: true });
    expect(await downloadWheel(request())).toEqual(first);
  });

  it('fetches again what was cut short on disk', async () => {
    useIndex(await buildIndex(folder, 'tiny', await tinyWheel()));
    const first = await downloadWheel(request());
    await truncate(first.file, 100);
    expect(await downloadWheel(request())).toEqual(first);
    expect((await readFile(first.file)).length).toBeGreaterThan(100);
  });

  it('refuses a file whose checksum is not the one of the index', async () => {
    useIndex(await buildIndex(folder, 'tiny', await tinyWheel(), '0'.repeat(64)));
    await expect(downloadWheel(request())).rejects.toMatchObject({
      code: 'ENGINE',
      message: expect.stringContaining(
        "The checksum of tiny==1.0 differs from the package index's. Nothing was installed.",
      ) as unknown,
    });
    expect((await readdir(path.join(folder, 'wheels'))).filter((name) => name.endsWith('.whl'))).toEqual([]);
  });

  it('lists the versions that there are', async () => {
    useIndex(await buildIndex(folder, 'tiny', await tinyWheel()));
    await expect(downloadWheel(request({ requirement: 'tiny==2.0' }))).rejects.toThrow(
      'The package index has no tiny==2.0 for this platform (it has 1.0). Choose one with --tensorflow',
    );
  });

  it('says so when nobody answers', async () => {
    useIndex('http://127.0.0.1:9/simple');
    vi.stubEnv('PIP_RETRIES', '1'); // without any, pip does not say why
    await expect(downloadWheel(request())).rejects.toThrow(
      /^engine install: The download of tiny==1\.0 broke off \(.*Connection refused.*\)\. Check the network/,
    );
  });

  it('says so when the index has no such package', async () => {
    useIndex(await buildIndex(folder, 'tiny', await tinyWheel()));
    await expect(downloadWheel(request({ requirement: 'other==1.0' }))).rejects.toThrow(
      'The package index has no other==1.0 for this platform. See that the index can be reached',
    );
  });

  it('says so when the connection breaks in the middle, and goes on with the next try', async () => {
    const made = await tinyWheel();
    const bytes = await readFile(made);
    let cut = true;
    const server = createServer((incoming, response) => {
      if (incoming.url?.endsWith('.whl')) {
        response.writeHead(200, { 'content-length': bytes.length });
        if (!cut) return void response.end(bytes);
        return void response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
      }
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<a href="/tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      useIndex(`http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`);
      vi.stubEnv('NO_PROXY', '127.0.0.1');
      await expect(downloadWheel(request())).rejects.toThrow(/The download of tiny==1\.0 broke off/);
      cut = false;
      expect(await readFile((await downloadWheel(request())).file)).toEqual(bytes);
    } finally {
      server.close();
    }
  });
});

/** A program in pip's place, where pip's own behaviour cannot be had at will. */
async function standIn(script: string): Promise<Command> {
  const file = path.join(folder, 'pip.mjs');
  await writeFile(file, script);
  return [process.execPath, file];
}

describe('a download', () => {
  it('tells how far it is, by the size that pip announces', async () => {
    const pip = await standIn(`
      import { writeFileSync } from 'node:fs';
      const target = process.argv[process.argv.indexOf('-d') + 1];
      console.log('  Downloading tiny-1.0-py3-none-any.whl (2.0 kB)');
      writeFileSync(process.env.TMPDIR + '/part', 'x'.repeat(1000));
      setTimeout(() => writeFileSync(target + '/tiny-1.0-py3-none-any.whl', 'x'.repeat(2000)), 700);`);
    const seen: [number, number | undefined][] = [];
    await downloadWheel(
      request({ pip, onProgress: (done: number, total?: number) => seen.push([done, total]) }),
    );
    expect(seen).toContainEqual([1000, 2000]);
  });

  it.each([
    [
      'OSError: [Errno 28] No space left on device',
      'The disk was full while tiny==1.0 was fetched. Free some space',
    ],
    [
      'ERROR: Something new',
      'pip could not fetch tiny==1.0: ERROR: Something new Run the same command again',
    ],
  ])('that fails with "%s" says what to do', async (output, message) => {
    const pip = await standIn(`console.error(${JSON.stringify(output)}); process.exit(1);`);
    await expect(downloadWheel(request({ pip }))).rejects.toThrow(message);
  });

  it('leaves no wheel behind when pip is killed', async () => {
    const pip = await standIn(`
      import { writeFileSync } from 'node:fs';
      writeFileSync(process.env.TMPDIR + '/part.whl', 'x');
      process.kill(process.pid, 'SIGKILL');`);
    await expect(downloadWheel(request({ pip }))).rejects.toMatchObject({ code: 'ENGINE' });
    expect(await readdir(path.join(folder, 'wheels'))).toEqual(['incoming']);
  });

  it.each([
    ['Downloading tensorflow_cpu-2.21.0-cp311.whl (273.8 MB)', 273.8e6],
    ['  Downloading pygments-2.21.0-py3-none-any.whl (1.3 MB)\n  more', 1.3e6],
    ['Downloading mdurl-0.1.2-py3-none-any.whl (10.0 kB)', 10e3],
    ['Saved ./x.whl', undefined],
  ])('reads the size in "%s"', (text, size) => {
    expect(announcedSize(text)).toBe(size);
  });
});
