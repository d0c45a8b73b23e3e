import { folderPlace } from './folderPlace.js';
import { isS3, type PlaceAddress } from './placeAddress.js';
import { type ShardPlace } from './ShardPlace.js';

/** @param labelling Its name: several may go to the same place. */
export async function openPlace({ out, endpoint }: PlaceAddress, labelling: string): Promise<ShardPlace> {
  if (!isS3(out)) return folderPlace(out, labelling);
  const { s3Place } = await import('./s3Place.js');
  return s3Place(out, labelling, endpoint);
}
