export { checkpointFolder } from './checkpointFolder.js';
export { registerCheckpointFolders } from './registerCheckpointFolders.js';
