import type { KnownPresence, SaidState } from '@patchbay/domain/presence/presence';

interface Named {
  readonly accountId: string;
  readonly identity: string;
}

export interface SaidPresence {
  readonly state: SaidState;
  readonly note?: string | undefined;
  readonly untilMs?: number | undefined;
}

/** What presence needs from the world. All of it is of the account that is named. */
export interface PresencePorts {
  readonly presences: {
    /** Those that are known: connected now, seen of late, or with a word of their own. */
    list(page: {
      readonly accountId: string;
      readonly isOnline?: boolean | undefined;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly KnownPresence[]; readonly nextCursor?: string | undefined }>;
    /** Of somebody who was never seen there is nothing but the name. */
    find(who: Named): Promise<KnownPresence>;
    /** What they said before. Undefined takes it back. */
    say(who: Named & { readonly said: SaidPresence | undefined }): Promise<SaidPresence | undefined>;
  };
}
