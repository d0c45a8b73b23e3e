import { type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type Criterion, expected, shapeMismatch } from '@tfjs-distill/core';
import { LayerCopier } from './LayerCopier.js';
import { REUSED, type ReusedClassifier } from './reusedClassifier.js';

/**
 * The model that a student becomes with a reused classifier: its own layers up to the tapped one, the projector,
 * and what the teacher has behind its tapped layer.
 *
 * @param criterion Made by `reusedClassifier`, in use by a manager that is not disposed.
 * @param student, teacher The manager's models.
 * @returns Model of copies, which shares nothing with student, teacher and criterion. The caller owns it.
 * @throws DistillError if the criterion is another, or the teacher's classifier cannot take the student's map.
 *
 * @example
 * const deployed = reusedClassifierModel(criterion, student, teacher);
 * await deployed.save('file://model');
 * deployed.dispose();
 */
export function reusedClassifierModel(
  criterion: Criterion,
  student: LayersModel,
  teacher: LayersModel,
): LayersModel {
  const reused = (criterion as { readonly [REUSED]?: ReusedClassifier })[REUSED];
  if (reused === undefined) {
    throw expected('criterion', 'one made by reusedClassifier', criterion.type, { where: WHERE });
  }
  const projected = projectedStudent(reused, student, outputOf(teacher, reused.teacherLayer));
  const copier = new LayerCopier();
  copier.replace(outputOf(teacher, reused.teacherLayer), projected.outputs[0] as SymbolicTensor);
  try {
    const logits = copier.copy(teacher.outputs[0] as SymbolicTensor);
    return model({ inputs: projected.inputs, outputs: logits, name: student.name });
  } catch (error) {
    copier.dispose();
    projected.dispose();
    throw error;
  }
}

const WHERE = 'reusedClassifierModel';

/** From the student's input to the teacher's last map. */
function projectedStudent(
  { studentLayer, projector }: ReusedClassifier,
  student: LayersModel,
  target: SymbolicTensor,
): LayersModel {
  const copier = new LayerCopier();
  const inputs = student.inputs.map((input) => {
    const copy = layers.input({ shape: input.shape.slice(1), dtype: input.dtype });
    copier.replace(input, copy);
    return copy;
  });
  const map = outputOf(student, studentLayer);
  const factors = poolFactors(map, target);
  return model({ inputs, outputs: projector().asLayers(pooled(copier.copy(map), factors)) });
}

function outputOf({ layers: all, name }: LayersModel, layer: string): SymbolicTensor {
  const output = all.find((candidate) => candidate.name === layer)?.output;
  if (output !== undefined && !Array.isArray(output)) return output;
  throw expected('model', `one with the layer "${layer}" that the criterion taps`, name, { where: WHERE });
}

/** How much smaller the student's map has to be, as in training, where it is the larger one. */
function poolFactors(student: SymbolicTensor, teacher: SymbolicTensor): [number, number] {
  const factor = (axis: number) => Math.max(1, (student.shape[axis] ?? 1) / (teacher.shape[axis] ?? 1));
  const factors: [number, number] = [factor(1), factor(2)];
  if (factors.every(Number.isInteger)) return factors;
  const shapes = { student: student.shape, teacher: teacher.shape };
  const hint = 'Layers pool by whole factors: tap a layer of the student whose sizes are multiples.';
  throw shapeMismatch('sizes that divide each other', shapes, { where: WHERE, hint });
}

function pooled(map: SymbolicTensor, poolSize: [number, number]): SymbolicTensor {
  if (poolSize.every((factor) => factor === 1)) return map;
  return layers.averagePooling2d({ poolSize }).apply(map) as SymbolicTensor;
}
