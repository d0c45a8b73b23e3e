import { Container, ContainerModule, type Newable, type ServiceIdentifier } from 'inversify';
import { CompressionManager } from '../CompressionManager.js';
import { type Criterion, type CriterionClass } from '../criterion/Criterion.js';
import { type CriterionFactory } from '../criterion/defineCriterion.js';
import { type CriterionLike, resolveCriteria } from '../criterion/resolveCriteria.js';
import { expected, messageOf } from '../errors.js';
import { type PluginFactory } from '../hooks/definePlugin.js';
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
import { type Module } from './Module.js';
import { TOKENS } from './tokens.js';

/**
 * The composition root: one container per manager, dropped as soon as the manager stands.
 * User modules load first; a default is bound only where they left a token free.
 */
export function composeManager(student: StudentLike, options: CompressionOptions): CompressionManager {
  const container = new Container({ defaultScope: 'Singleton', jitless: true });
  const modules = (options.modules ?? []) as readonly ContainerModule[];
  container.load(...modules, defaults(student, options));
  container.load(managerModule(container, options));
  return container.get(TOKENS.Manager);
}

/** A module that makes criteria known to JSON by their types. */
export function criteriaModule(definitions: readonly CriterionFactory[]): Module {
  return new ContainerModule(({ bind }) => {
    for (const definition of definitions) bind(TOKENS.CriterionDefinition).toConstantValue(definition);
  });
}

/** A module that makes plugins known to JSON by their types. */
export function pluginsModule(definitions: readonly PluginFactory[]): Module {
  return new ContainerModule(({ bind }) => {
    for (const definition of definitions) bind(TOKENS.PluginDefinition).toConstantValue(definition);
  });
}

function defaults(student: StudentLike, options: CompressionOptions): ContainerModule {
  const { taskLoss = crossEntropy, optimizer } = options;
  return new ContainerModule(({ bind, isBound }) => {
    const bindDefault = <T>(id: ServiceIdentifier<T>, make: () => T) => {
      if (!isBound(id)) bind(id).toResolvedValue(make);
    };
    bindDefault(TOKENS.Student, () => asStudent(student));
    bindDefault(TOKENS.Teacher, () => resolveTeacher(options));
    bindDefault(TOKENS.TaskLoss, () => taskLoss);
    bindDefault(TOKENS.Optimizer, () => optimizer);
    bindDefault(TOKENS.StepRunner, () => chooseStepRunner(options.stepRunner, options.stepsPerCall));
  });
}

function managerModule(container: Container, options: CompressionOptions): ContainerModule {
  return new ContainerModule(({ bind, isBound }) => {
    const { criterion } = options;
    if (!isBound(TOKENS.Criteria) && criterion !== undefined)
      bind(TOKENS.Criteria).toResolvedValue(() => criteriaOf(container, criterion));
    bind(TOKENS.Manager).toResolvedValue(() => managerOf(container, options));
  });
}

function criteriaOf(
  container: Container,
  criterion: CriterionLike | readonly CriterionLike[],
): readonly Criterion[] {
  return resolveCriteria(criterion, {
    definitions: allOf(container, TOKENS.CriterionDefinition),
    construct: (Class) => construct(container, Class),
  });
}

function construct(container: Container, Class: CriterionClass): Criterion {
  const id = Class as Newable<Criterion>;
  try {
    if (!container.isBound(id)) container.bind(id).toSelf();
    return container.get(id);
  } catch (error) {
    throw expected('criterion', `a class that can be constructed`, Class, {
      where: 'prepareCompression',
      hint: `Decorate it with @injectable() and each parameter with @inject(TOKENS.…). (${messageOf(error)})`,
      cause: error,
    });
  }
}

function managerOf(container: Container, options: CompressionOptions): CompressionManager {
  const student = container.get(TOKENS.Student);
  const teacher = container.get(TOKENS.Teacher);
  const stages = buildStages(
    {
      criteria: () => container.get(TOKENS.Criteria),
      stages: options.stages,
      optimizer: container.get(TOKENS.Optimizer),
      resolve: (criterion) => criteriaOf(container, criterion),
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
    taskLoss: container.get(TOKENS.TaskLoss),
    stepRunner: container.get(TOKENS.StepRunner),
    plugins: [
      ...guards,
      ...resolvePlugins(plugins, [...allOf(container, TOKENS.PluginDefinition), ...corePlugins]),
      ...allOf(container, TOKENS.Plugin),
    ],
    jitless,
    stepsPerCall,
  });
}

function allOf<T>(container: Container, id: ServiceIdentifier<T>): T[] {
  return container.isBound(id) ? container.getAll(id) : [];
}
