import { openAsBlob } from 'node:fs';

/** What is named: an address, a stored file, or a file of this machine. */
export async function inputOf(named: string) {
  if (/^https?:\/\//.test(named)) return { uri: named };
  if (/^obj_[a-z0-9]+$/.test(named)) return { objectId: named };
  return { file: await openAsBlob(named) };
}
