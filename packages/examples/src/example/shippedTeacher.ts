import { fileURLToPath } from 'node:url';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { fileSystem } from '@tfjs-distill/node';

const FOLDER = fileURLToPath(new URL('../mnist-distiller/teacher', import.meta.url));

/** The MNIST teacher of `npm start`: 160,602 parameters, 99.49 % of the test images. The caller owns it. */
export const shippedTeacher = (): Promise<LayersModel> => loadLayersModel(fileSystem(FOLDER));

/** Its last feature map, `[7, 7, 128]`. */
export const TEACHER_FEATURE = 'leaky_re_lu_LeakyReLU4';
