/** Environment of a process that computes in one thread, so that several fit on a machine. */
export const ONE_THREAD = {
  OMP_NUM_THREADS: '1',
  TF_NUM_INTRAOP_THREADS: '1',
  TF_NUM_INTEROP_THREADS: '1',
} as const;
