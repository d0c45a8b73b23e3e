import { runRequest, type TrainRequest } from './runRequest.js';

self.addEventListener('message', ({ data }: MessageEvent<TrainRequest>) => {
  void runRequest(data).then((outcome) => self.postMessage(outcome));
});
