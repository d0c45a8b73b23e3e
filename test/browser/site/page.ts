import { type PageReport } from './PageReport.js';
import { runRequest, type PageRequest } from './runRequest.js';

// /?report=ID&where=worker&task=distil&backend=wasm&steps=100
const query = new URLSearchParams(location.search);
const wanted: PageRequest = {
  task: (query.get('task') ?? 'distil') as PageRequest['task'],
  backend: query.get('backend') ?? 'cpu',
  steps: Number(query.get('steps')),
};

const outcome = query.get('where') === 'worker' ? await inWorker(wanted) : await runRequest(wanted);
await fetch(`/report/${query.get('report')}`, { method: 'POST', body: JSON.stringify(outcome) });
(document.querySelector('#state') as HTMLElement).textContent = outcome.status;

function inWorker(request: PageRequest): Promise<PageReport> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  return new Promise((done) => {
    worker.addEventListener('message', ({ data }: MessageEvent<PageReport>) => done(data));
    worker.addEventListener('error', ({ message }) => done({ status: 'failed', reason: message }));
    worker.postMessage(request);
  });
}
