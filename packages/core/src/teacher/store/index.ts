export {
  bytesPerSample,
  type Column,
  columnAt,
  type ColumnArray,
  type Columns,
  columnsOf,
  type ColumnType,
  newColumn,
  product,
  rowBytes,
} from './columns.js';
export { type ColumnReader, columnTeacherStore } from './columnTeacherStore.js';
export { deviceTeacherStore } from './deviceTeacherStore.js';
export { encodeRows } from './encodeRows.js';
export { fileTeacherStore, type FileStoreOptions } from './fileTeacherStore.js';
export { float16Values, toFloat16 } from './float16.js';
export { IdIndex } from './IdIndex.js';
export { memoryTeacherStore, takeRows } from './memoryTeacherStore.js';
export { prefetchingTeacher } from './prefetchingTeacher.js';
export { rememberingTeacher, type RememberOptions } from './rememberingTeacher.js';
export { openShard, sealShard, type Shard, type ShardIndex } from './shard.js';
export {
  blobFiles,
  directoryFiles,
  type DirectoryLike,
  httpFiles,
  type StoredFile,
  type StoredFiles,
} from './StoredFiles.js';
export { storedTeacher, type StoredTeacherOptions } from './storedTeacher.js';
export {
  assertHeader,
  sameHeader,
  STORE_FORMAT,
  storeHeader,
  type StoreHeader,
  type StoreHeaderInput,
} from './StoreHeader.js';
export {
  parseManifest,
  SHARD_FILE,
  type ShardEntry,
  STORE_MANIFEST,
  type StoreManifest,
} from './StoreManifest.js';
export type { TeacherRows, TeacherStore, TeacherStoreWriter } from './TeacherStore.js';
