import * as z from 'zod';

/** A part that the user wrote: an export of an ES module, beside or below the configuration. */
export const userModuleSchema = z.strictObject({
  module: z.string().min(1).describe('Path of an ES module, from the folder of this file'),
  export: z.string().min(1).optional().describe('Name of the export. Default: default'),
  options: z.record(z.string(), z.unknown()).optional().describe('Passed on to it'),
});

export type UserModule = z.infer<typeof userModuleSchema>;

export const isUserModule = (value: unknown): value is UserModule =>
  typeof value === 'object' && value !== null && 'module' in value;
