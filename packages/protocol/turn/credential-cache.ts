import { type KeyAlgorithm, longTermKey, userhashOf } from '../stun/long-term-key.ts';
import type { TurnCoreBounds } from './core-options.ts';
import type { ClientPath } from './data-path.ts';
import { type Grant, isRevoked, type Resolution, type RevocationScope } from './grant.ts';

/** A credential the platform has vouched for, with its keys made as they are needed. */
export interface KnownCredential {
  readonly username: string;
  readonly grant: Grant;
  keyFor(algorithm: KeyAlgorithm): Uint8Array;
}

/** A request that waits for its credential. */
export interface Parked {
  readonly client: ClientPath;
  readonly bytes: Uint8Array;
}

export type CredentialEntry =
  | { readonly state: 'asked'; readonly parked: Parked[]; readonly untilMs: number }
  | { readonly state: 'known'; readonly credential: KnownCredential; readonly untilMs: number }
  | { readonly state: 'refused'; readonly code: number; readonly reason: string; readonly untilMs: number };

export interface CredentialCache {
  find(username: string, nowMs: number): CredentialEntry | undefined;
  /** The username behind a USERHASH, where it has been resolved before. */
  usernameOf(userhash: Uint8Array): string | undefined;
  /** Notes that the platform was asked. False when too many questions are open. */
  ask(username: string, parked: Parked, nowMs: number): boolean;
  /** Takes the answer in and gives back what waited for it. */
  answer(username: string, resolution: Resolution, nowMs: number): readonly Parked[];
  forget(scope: RevocationScope): void;
  sweep(nowMs: number): void;
}

/** Keeps what the platform said about usernames, for a while and up to a bound: the oldest goes first. */
export function createCredentialCache(realm: string, bounds: TurnCoreBounds): CredentialCache {
  const entries = new Map<string, CredentialEntry>();
  const usernames = new Map<string, string>();
  const hashText = (hash: Uint8Array) => Buffer.from(hash).toString('latin1');
  const remove = (username: string) => {
    entries.delete(username);
    usernames.delete(hashText(userhashOf(username, realm)));
  };
  const put = (username: string, entry: CredentialEntry) => {
    entries.delete(username);
    if (entries.size >= bounds.credentialCountMax) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) remove(oldest);
    }
    entries.set(username, entry);
  };
  return {
    find(username, nowMs) {
      const entry = entries.get(username);
      return entry === undefined || entry.untilMs <= nowMs ? undefined : entry;
    },
    usernameOf: (userhash) => usernames.get(hashText(userhash)),
    ask(username, parked, nowMs) {
      const open = entries.get(username);
      if (open?.state === 'asked') {
        if (open.parked.length >= bounds.parkedPerCredentialMax) return false;
        open.parked.push(parked);
        return true;
      }
      put(username, { state: 'asked', parked: [parked], untilMs: nowMs + bounds.answerWaitMs });
      return true;
    },
    answer(username, resolution, nowMs) {
      const asked = entries.get(username);
      if (resolution.ok) {
        const { grant, password } = resolution;
        const credential = createKnownCredential({ username, realm, password }, grant);
        put(username, { state: 'known', credential, untilMs: nowMs + bounds.credentialKeepMs });
        usernames.set(hashText(userhashOf(username, realm)), username);
      } else {
        const { code, reason } = resolution;
        put(username, { state: 'refused', code, reason, untilMs: nowMs + bounds.refusalKeepMs });
      }
      return asked?.state === 'asked' ? asked.parked : [];
    },
    forget(scope) {
      for (const [username, entry] of entries) {
        if (entry.state === 'known' && isRevoked(entry.credential.grant, scope)) remove(username);
      }
    },
    sweep(nowMs) {
      for (const [username, entry] of entries) if (entry.untilMs <= nowMs) remove(username);
    },
  };
}

function createKnownCredential(
  credential: { username: string; realm: string; password: string },
  grant: Grant,
): KnownCredential {
  const keys = new Map<KeyAlgorithm, Uint8Array>();
  return {
    username: credential.username,
    grant,
    keyFor(algorithm) {
      let key = keys.get(algorithm);
      if (key === undefined) {
        key = longTermKey(credential, algorithm);
        keys.set(algorithm, key);
      }
      return key;
    },
  };
}
