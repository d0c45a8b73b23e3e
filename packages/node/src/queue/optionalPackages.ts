import { loadOptional } from '../teachers/loadOptional.js';
import type * as Bullmq from 'bullmq';
import type * as Ioredis from 'ioredis';
import type * as Prometheus from 'prom-client';

const INSTALL = 'npm install bullmq ioredis prom-client';
const PURPOSE = 'Labelling queues';

// Loaded when they are called: whoever labels without a queue needs none of them.
export const bullmq = (): typeof Bullmq => loadOptional('bullmq', PURPOSE, INSTALL);
export const ioredis = (): typeof Ioredis => loadOptional('ioredis', PURPOSE, INSTALL);
export const prometheus = (): typeof Prometheus => loadOptional('prom-client', PURPOSE, INSTALL);
