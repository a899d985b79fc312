import { createHash } from 'node:crypto';

/** What is kept of the token of a mailed link: whoever reads the table has no link. 32 bytes of SHA-256. */
export const linkHashOf = (token: string) => Uint8Array.from(createHash('sha256').update(token).digest());
