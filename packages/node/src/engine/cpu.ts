import { dispose, env, ready, setBackend, version_core, zeros } from '@tensorflow/tfjs-core';
import { type Engine } from './engine.js';

/** The backend advises to install tfjs-node when it gets its first tensor; whoever chose it here knows. */
function passFirstUse(): void {
  const production = env().getBool('PROD');
  env().set('PROD', true); // tfjs warns of nothing in production
  dispose(zeros([1]));
  env().set('PROD', production);
}

export const cpu: Engine = {
  name: 'cpu',
  backend: 'cpu',
  description: 'plain JavaScript: slow, for tests and comparison',

  probe() {
    return Promise.resolve({ usable: true, version: version_core, facts: { threads: '1' } });
  },

  async load() {
    await import('@tensorflow/tfjs-backend-cpu');
    await setBackend('cpu');
    await ready();
    passFirstUse();
  },
};
