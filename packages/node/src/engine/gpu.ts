import { existsSync } from 'node:fs';

/** Where a driver shows an NVIDIA card: Linux, then Windows' Linux. A look costs microseconds, `nvidia-smi` a second. */
const SIGNS = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/usr/lib/wsl/lib/libcuda.so.1'];

export const hasNvidiaDriver = (): boolean => SIGNS.some(existsSync);

/** Name, memory and driver of each NVIDIA card, e.g. `NVIDIA L4, 23034 MiB, 550.54`; none where none answers. */
export async function nvidiaCards(): Promise<string[]> {
  const { execa } = await import('execa');
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
  const { failed, stdout } = await execa('nvidia-smi', query, { reject: false, timeout: 20_000 });
  return failed ? [] : stdout.split('\n').filter((line) => line !== '');
}
