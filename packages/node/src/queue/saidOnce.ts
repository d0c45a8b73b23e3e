/** Tells a line only where it is not the one before: a Redis that is gone is complained about many times a second. */
export function saidOnce(say: ((line: string) => void) | undefined): (line: string) => void {
  let last = '';
  return (line) => {
    if (line === last) return;
    last = line;
    say?.(line);
  };
}
