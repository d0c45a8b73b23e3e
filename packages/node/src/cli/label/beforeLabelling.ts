import { DistillError, expected, storeHeader, type StoreHeaderInput } from '@tfjs-distill/core';
import { estimateLabelling } from '../../label/estimateLabelling.js';
import { type TeacherTrial } from '../../label/tryTeacher.js';
import { print, printJson } from '../print.js';
import { describeEstimate, describeTrial } from './describe.js';
import { type LabelFlags } from './LabelFlags.js';

/** The flags that labelling cannot do without. */
export function required({ teacher, data, out }: LabelFlags): { teacher: string; data: string; out: string } {
  for (const [name, value] of Object.entries({ teacher, data, out }))
    if (value === undefined) throw expected(`--${name}`, 'given', value, { where: 'distill label' });
  return { teacher: teacher as string, data: data as string, out: out as string };
}

/** What a first look at the teacher has shown. */
export interface Outlook {
  readonly trial: TeacherTrial;
  readonly header: StoreHeaderInput;
  readonly samples: number;
}

/** Reports how the teacher looks. @returns Whether to go on: not after a dry run, which gets its estimate here. */
export function mayStart(flags: LabelFlags, out: string, { trial, header, samples }: Outlook): boolean {
  const { check, rate } = trial;
  if (!flags.json) process.stderr.write(`${describeTrial(check)}\n`);
  if (flags.dryRun) {
    const estimate = estimateLabelling(storeHeader(header), samples, rate, flags.hourlyPrice);
    if (flags.json) printJson({ check, header: storeHeader(header), estimate });
    else print(describeEstimate(estimate, out));
    return false;
  }
  refuse(flags, trial);
  return true;
}

function refuse({ force = false, json = false }: LabelFlags, { check }: TeacherTrial): void {
  if (check.warnings.length === 0 || force) return;
  throw new DistillError('TEACHER', 'The teacher looks wrong, so nothing was stored.', {
    hint: `${json ? `${check.warnings.join(' ')} ` : ''}If it is right all the same, add --force.`,
  });
}
