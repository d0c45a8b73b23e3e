import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DistillError, messageOf } from '@tfjs-distill/core';
import writeFileAtomic from 'write-file-atomic';
import { type RunRecord } from '../run/RunRecord.js';
import { reportPage } from './reportPage.js';

/**
 * Writes the report of a run: one HTML file, at once or not at all.
 *
 * @param file Such as `runs/mine/report.html`; its folder is made if it is missing.
 * @throws DistillError `DATA` where it cannot be written.
 */
export async function writeReport(record: RunRecord, file: string): Promise<void> {
  const page = await reportPage(record);
  try {
    await mkdir(path.dirname(path.resolve(file)), { recursive: true });
    await writeFileAtomic(file, page);
  } catch (cause) {
    const message = `${file} cannot be written: ${messageOf(cause)}.`;
    throw new DistillError('DATA', message, { where: 'writeReport', cause });
  }
}
