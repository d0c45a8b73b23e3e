export * from './cachedTeacherStore.js';
export { createTeacherStore, type WriteOptions } from './createTeacherStore.js';
export * from './fingerprint.js';
export { openTeacherStore, type OpenOptions } from './openTeacherStore.js';
export { importNumpy } from './importNumpy.js';
