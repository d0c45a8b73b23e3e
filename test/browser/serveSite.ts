import { text } from 'node:stream/consumers';
import { type Plugin, preview } from 'vite';
import { type PageReport } from './site/PageReport.js';

/** Scripts of this server alone, WebAssembly, and no code from strings. */
export const STRICT_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:";

export interface Site {
  readonly address: string;
  /** Where a page goes that reports, and its report. */
  expectReport(query: Readonly<Record<string, string>>): {
    readonly url: string;
    readonly report: Promise<PageReport>;
  };
  close(): Promise<void>;
}

/** Serves a built page under a strict content security policy. A page tells what it found by a POST. */
export async function serveSite(folder: string): Promise<Site> {
  const waiting = new Map<string, (report: PageReport) => void>();
  const server = await preview({
    root: folder,
    configFile: false,
    logLevel: 'error',
    plugins: [reports((id, report) => waiting.get(id)?.(report))],
    build: { outDir: folder },
    preview: { port: 0, host: '127.0.0.1', headers: { 'Content-Security-Policy': STRICT_POLICY } },
  });
  const address = server.resolvedUrls?.local[0] ?? '';
  return {
    address,
    expectReport: (query) => {
      const id = String(waiting.size);
      const report = new Promise<PageReport>((done) => waiting.set(id, done));
      return { url: `${address}?${new URLSearchParams({ ...query, report: id }).toString()}`, report };
    },
    close: () => server.close(),
  };
}

function reports(onReport: (id: string, report: PageReport) => void): Plugin {
  return {
    name: 'reports',
    configurePreviewServer: ({ middlewares }) => {
      middlewares.use('/report', (request, response) => {
        void text(request).then((body) => {
          onReport((request.url ?? '').replace(/^\//, ''), JSON.parse(body) as PageReport);
          response.end();
        });
      });
    },
  };
}
