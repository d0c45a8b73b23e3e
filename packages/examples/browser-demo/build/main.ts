/**
 * The demo page.
 *
 *     npm run demo          builds it and serves it, by default on http://localhost:4173
 *     npm run demo:build    leaves the folder for a static host: .cache/demo, or the one that is named
 */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { preview } from 'vite';
import { buildDemo } from './buildDemo.js';

const OUT = fileURLToPath(new URL('../../../../.cache/demo', import.meta.url));

const options = new Command('npm run demo --')
  .description('Builds the page that distils a digit classifier, and serves it.')
  .option('--out <folder>', 'where the page goes', OUT)
  .option('--port <n>', 'port to serve it on', '4173')
  .option('--build', 'only build it')
  .parse()
  .opts<{ out: string; port: string; build?: true }>();

await buildDemo(options);
if (options.build) process.stdout.write(`The page is in ${options.out}: copy it to any static host.\n`);
else {
  const server = await preview({
    root: options.out,
    configFile: false,
    build: { outDir: options.out },
    preview: { port: Number(options.port) },
  });
  process.stdout.write(`${server.resolvedUrls?.local.join(' ') ?? ''}  (Ctrl+C ends)\n`);
}
