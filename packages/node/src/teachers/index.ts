export { fileFingerprint } from './fileFingerprint.js';
export { moduleTeacher } from './moduleTeacher.js';
export { onnxTeacher, type OnnxOptions } from './onnxTeacher.js';
export { openTeacher, type OpenedTeacher } from './openTeacher.js';
export type { RemoteOptions, TlsFiles } from './remote/RemoteOptions.js';
export { remoteTeacher } from './remote/remoteTeacher.js';
export { savedModelTeacher, type SavedModelOptions } from './savedModelTeacher.js';
export { type TeacherSpec, teacherSpecSchema } from './teacherSpec.js';
