import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { EventCursors } from '@patchbay/domain/hooks/envelope';

const BLOCK_BYTES = 16;
const KEY_BYTES = 32;
/** The first half of each block: what somebody made up has it once in 2^64 tries. */
const MARK = Buffer.from('event at');

/**
 * One block of AES for one place: the same event has the same cursor in each attempt and in the list of events, nobody but us
 * reads how many events there were between two, and a cursor that we did not write opens nowhere (C20).
 */
export function eventCursors(masterKey: Uint8Array): EventCursors {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'patchbay cursor of an event', KEY_BYTES));
  return {
    seal(position) {
      const block = Buffer.alloc(BLOCK_BYTES);
      MARK.copy(block);
      block.writeBigUInt64BE(position, MARK.length);
      const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
      return Buffer.concat([cipher.update(block), cipher.final()]).toString('base64url');
    },
    open(cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      if (bytes.length !== BLOCK_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
      const block = Buffer.concat([decipher.update(bytes), decipher.final()]);
      return block.subarray(0, MARK.length).equals(MARK) ? block.readBigUInt64BE(MARK.length) : undefined;
    },
  };
}
