import { type Optimizer } from '@tensorflow/tfjs-core';
import type { ServiceIdentifier } from 'inversify'; // nothing of it at run time, not even `import 'inversify'`
import { type CompressionManager } from '../CompressionManager.js';
import { type Criterion } from '../criterion/Criterion.js';
import { type CriterionFactory } from '../criterion/defineCriterion.js';
import { type PluginFactory } from '../hooks/definePlugin.js';
import { type Plugin } from '../hooks/Plugin.js';
import { type StepRunner } from '../step/StepRunner.js';
import { type Student } from '../student/Student.js';
import { type TaskLoss } from '../taskLoss.js';
import { type TeacherSource } from '../teacher/TeacherSource.js';

/** Stands for a part of type `T`; inversify binds it and injects by it. */
export type Token<T = unknown> = ServiceIdentifier<T>;

/** A token that remembers what it stands for. `Symbol.for`: one identity even if two copies are installed. */
export const token = <T>(name: string): Token<T> => Symbol.for(`@tfjs-distill/core:${name}`);

/** Every part of a manager that a module may bind. */
export const TOKENS = {
  Manager: token<CompressionManager>('Manager'),
  Student: token<Student>('Student'),
  /** The source, or `undefined` for methods that need no teacher. */
  Teacher: token<TeacherSource | undefined>('Teacher'),
  Criteria: token<readonly Criterion[]>('Criteria'),
  /** Bind any number: criteria that JSON may name by type. */
  CriterionDefinition: token<CriterionFactory>('CriterionDefinition'),
  TaskLoss: token<TaskLoss>('TaskLoss'),
  /** `undefined` for the default, made where one is needed. */
  Optimizer: token<Optimizer | undefined>('Optimizer'),
  StepRunner: token<StepRunner>('StepRunner'),
  /** Bind any number: used by the manager in the order of binding, after those of the options. */
  Plugin: token<Plugin>('Plugin'),
  /** Bind any number: plugins that JSON may name by type, before those of this package. */
  PluginDefinition: token<PluginFactory>('PluginDefinition'),
} as const;
