export * from './data/augmentImages.js';
export * from './data/loadIdxDataset.js';
export * from './data/loadMnist.js';
export * from './data/readIdx.js';
