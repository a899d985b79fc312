import { flag, integer, listOf, oneOf, optional, type ReadBy, record, text } from './shape.ts';

/**
 * What clients and nodes say of who is there (IDP). None of these frames is kept for a resumption: a client that comes back says
 * anew whom it watches, and is told how they are.
 */

/** Identities that one client watches at once. */
export const watchedMax = 100;
export const presenceNoteMax = 200;

const identity = text(256);
const note = optional(text(presenceNoteMax));

const presenceFields = {
  identity,
  /** `hidden`: the account lets nobody of this kind see it. */
  state: oneOf('available', 'away', 'busy', 'dnd', 'offline', 'hidden'),
  note,
  isInCall: flag,
  /** Of somebody who is not there, and was. */
  lastSeenAtMs: optional(integer(0)),
} as const;
const presenceReader = record(presenceFields);
/** How somebody is, as others of the account see it. */
export type SeenPresence = ReadBy<typeof presenceReader>;

export const clientPresenceShapes = {
  /** What others see of this client's identity. Without a state what was said before is taken back. */
  setPresence: { state: optional(oneOf('available', 'away', 'busy', 'dnd')), note },
  /** All whom this client watches from now on, in place of whom it watched before. Each is answered by `presence`. */
  watchPresence: { identities: listOf(identity, watchedMax) },
} as const;

export const serverPresenceShapes = { presence: presenceFields } as const;

export const transientPresenceTypes = [
  ...Object.keys(clientPresenceShapes),
  ...Object.keys(serverPresenceShapes),
] as const;
