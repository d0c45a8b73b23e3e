import { runRequest, type PageRequest } from './runRequest.js';

self.addEventListener('message', ({ data }: MessageEvent<PageRequest>) => {
  void runRequest(data).then((outcome) => self.postMessage(outcome));
});
