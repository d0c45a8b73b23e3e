export { serveTeacher, type ServeOptions, type TeacherServer } from './serveTeacher.js';
