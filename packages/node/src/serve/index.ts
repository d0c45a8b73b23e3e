export type { ServeCounts } from './servedModel.js';
export { serveTeacher, type ServeOptions, type TeacherServer } from './serveTeacher.js';
