export * from './data/augmentImages.js';
export * from './data/loadIdxDataset.js';
export * from './data/loadMnist.js';
export * from './data/readIdx.js';
export * from './store/cachedLogits.js';
export * from './store/fingerprint.js';
export * from './store/logitsFile.js';
export * from './store/storedTeacher.js';
export type * from './store/TeacherLogits.js';
