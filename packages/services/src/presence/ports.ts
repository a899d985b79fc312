import type { PresenceBook } from '@patchbay/domain/presence/presence';

/** What presence needs from the world. */
export interface PresencePorts {
  readonly presences: PresenceBook;
}
