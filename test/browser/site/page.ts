import { type Outcome, type PageReport } from './PageReport.js';
import { runRequest, type PageRequest } from './runRequest.js';

// /?report=ID&where=worker&task=distil&backend=wasm&steps=100
const query = new URLSearchParams(location.search);
const wanted: PageRequest = {
  task: (query.get('task') ?? 'distil') as PageRequest['task'],
  backend: query.get('backend') ?? 'cpu',
  steps: Number(query.get('steps')),
};

let longestTask = 0;
const outcome = query.get('where') === 'worker' ? await inWorker(wanted) : await runRequest(wanted);
const report: PageReport = { ...outcome, longestTask };
await fetch(`/report/${query.get('report')}`, { method: 'POST', body: JSON.stringify(report) });
(document.querySelector('#state') as HTMLElement).textContent = outcome.status;

function inWorker(request: PageRequest): Promise<Outcome> {
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longestTask = Math.max(longestTask, duration);
    }).observe({ type: 'longtask' });
  }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  return new Promise((done) => {
    worker.addEventListener('message', ({ data }: MessageEvent<Outcome>) => done(data));
    worker.addEventListener('error', ({ message }) => done({ status: 'failed', reason: message }));
    worker.postMessage(request);
  });
}
