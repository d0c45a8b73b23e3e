const { url } = import.meta; // of a script in assets/

/** Where a file of the page is, from its scripts and workers alike. */
export const fileUrl = (file: string): string => new URL(`../${file}`, url).href;

/** @throws With words for people, if a file cannot be had. */
export async function fetchBytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(fileUrl(file)).catch(() => undefined);
  if (response === undefined) throw new Error(`${file} could not be downloaded: is there a network?`);
  if (!response.ok)
    throw new Error(`${file} could not be downloaded: the server answered ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
