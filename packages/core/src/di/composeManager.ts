import { CompressionManager } from '../CompressionManager.js';
import { type Criterion, type CriterionClass } from '../criterion/Criterion.js';
import { type CriterionLike, resolveCriteria } from '../criterion/resolveCriteria.js';
import { expected, messageOf } from '../errors.js';
import { type Plugin } from '../hooks/Plugin.js';
import { resolvePlugins } from '../hooks/resolvePlugins.js';
import { type CompressionOptions } from '../options.js';
import { finiteGuard } from '../plugins/finiteGuard.js';
import { corePlugins } from '../plugins/corePlugins.js';
import { buildStages } from '../stages/buildStages.js';
import { chooseStepRunner } from '../step/chooseStepRunner.js';
import { asStudent, type StudentLike } from '../student/asStudent.js';
import { crossEntropy } from '../taskLoss.js';
import { resolveTeacher } from '../teacher/resolveTeacher.js';
import { partsOf } from './injector.js';
import { type Parts } from './Parts.js';
import { TOKENS } from './tokens.js';

/**
 * The composition root: one set of parts per manager, dropped as soon as the manager stands.
 * User modules load first; a default is offered only where they left a token free.
 */
export function composeManager(student: StudentLike, options: CompressionOptions): CompressionManager {
  const { taskLoss = crossEntropy, optimizer, criterion } = options;
  const parts = partsOf(options.modules ?? []);
  parts.offer(TOKENS.Student, () => asStudent(student));
  parts.offer(TOKENS.Teacher, () => resolveTeacher(options));
  parts.offer(TOKENS.TaskLoss, () => taskLoss);
  parts.offer(TOKENS.Optimizer, () => optimizer);
  parts.offer(TOKENS.StepRunner, () => chooseStepRunner(options.stepRunner, options.stepsPerCall));
  if (criterion !== undefined) parts.offer(TOKENS.Criteria, () => criteriaOf(parts, criterion));
  parts.offer(TOKENS.Manager, () => managerOf(parts, options));
  return parts.get(TOKENS.Manager);
}

function criteriaOf(parts: Parts, criterion: CriterionLike | readonly CriterionLike[]): readonly Criterion[] {
  return resolveCriteria(criterion, {
    definitions: parts.all(TOKENS.CriterionDefinition),
    construct: (Class) => construct(parts, Class),
  });
}

function construct(parts: Parts, Class: CriterionClass): Criterion {
  try {
    return parts.construct(Class);
  } catch (error) {
    throw expected('criterion', `a class that can be constructed`, Class, {
      where: 'prepareCompression',
      hint: `Decorate it with @injectable() and each parameter with @inject(TOKENS.…). (${messageOf(error)})`,
      cause: error,
    });
  }
}

function managerOf(parts: Parts, options: CompressionOptions): CompressionManager {
  const student = parts.get(TOKENS.Student);
  const teacher = parts.get(TOKENS.Teacher);
  const stages = buildStages(
    {
      criteria: () => parts.get(TOKENS.Criteria),
      stages: options.stages,
      optimizer: parts.get(TOKENS.Optimizer),
      resolve: (criterion) => criteriaOf(parts, criterion),
    },
    { student, teacher },
  );
  const { plugins = [], finiteLoss = true, jitless, stepsPerCall } = options;
  const every = stepsPerCall === undefined ? {} : { every: stepsPerCall };
  const guards: Plugin[] =
    finiteLoss === false ? [] : [finiteGuard(finiteLoss === true ? every : { ...every, ...finiteLoss })];
  return new CompressionManager({
    student,
    teacher,
    stages,
    taskLoss: parts.get(TOKENS.TaskLoss),
    stepRunner: parts.get(TOKENS.StepRunner),
    plugins: [
      ...guards,
      ...resolvePlugins(plugins, [...parts.all(TOKENS.PluginDefinition), ...corePlugins]),
      ...parts.all(TOKENS.Plugin),
    ],
    jitless,
    stepsPerCall,
  });
}
