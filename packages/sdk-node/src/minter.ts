import { NARROWING_RANDOM_BYTES, type Restriction } from '@patchbay/protocol/credential/caveats';
import {
  bearerToken,
  type Credential,
  mint,
  narrow,
  parseBearerToken,
  RANDOM_ID_BYTES,
} from '@patchbay/protocol/credential/credential';
import { LimitsError, toRestrictions } from '@patchbay/protocol/credential/limits';
import { CredentialError } from '@patchbay/protocol/credential/refusal';
import { mintBranch, parseSecret } from '@patchbay/protocol/credential/secret';
import { PatchbayError } from '@patchbay/sdk';
import { type CredentialLimits, TTL_SECONDS_DEFAULT } from './credential-options.ts';

/** One entry of RTCConfiguration's iceServers, with a credential. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username: string;
  readonly credential: string;
}

/** A minted credential and when it ends. */
export interface Minted {
  readonly credential: Credential;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Mints with one secret key: offline, and a few microseconds for each credential (ACC-7). */
export interface Minter {
  readonly mint: (limits: CredentialLimits, services: readonly string[]) => Minted;
}

export function createMinter(secretText: string, nowMs: () => number): Minter {
  const secret = parseSecret(secretText);
  if (secret.type === 'refusal') throw new PatchbayError({ code: secret.code, message: secret.detail });
  const mintKey = mintBranch(secret);
  const { keyId } = secret;
  return {
    mint: (limits, services) => {
      const now = nowMs();
      const ttlSeconds = limits.ttlSeconds ?? TTL_SECONDS_DEFAULT;
      const caveats: Restriction[] = [
        ...caveatsOf({ ...limits, ttlSeconds }, now),
        { type: 'services', services },
      ];
      const credential = refusing(() =>
        mint({ keyId, mintKey, caveats, randomId: randomBytes(RANDOM_ID_BYTES) }),
      );
      return { credential, expiresAtMs: now + Math.round(ttlSeconds * 1_000) };
    },
  };
}

/** Narrows ICE servers: every entry that carries a credential gets a narrower one. */
export function narrowIceServers(
  iceServers: readonly IceServer[],
  limits: CredentialLimits,
  nowMs: number,
): readonly IceServer[] {
  const caveats = caveatsOf(limits, nowMs);
  return iceServers.map((server) => {
    const narrowed = narrowCredential({ username: server.username, password: server.credential }, caveats);
    return { ...server, username: narrowed.username, credential: narrowed.password };
  });
}

/** Narrows a token. */
export function narrowToken(token: string, limits: CredentialLimits, nowMs: number): string {
  const credential = parseBearerToken(token);
  if ('type' in credential) throw new PatchbayError({ code: credential.code, message: credential.detail });
  return bearerToken(narrowCredential(credential, caveatsOf(limits, nowMs)));
}

/** What a holder adds when narrowing, and a minter first of all: no lifetime is added unless it is asked for. */
function caveatsOf({ accountId, ...limits }: CredentialLimits, nowMs: number): readonly Restriction[] {
  const account: readonly Restriction[] = accountId === undefined ? [] : [{ type: 'account', accountId }];
  return [...account, ...refusing(() => toRestrictions(limits, nowMs))];
}

function narrowCredential(credential: Credential, caveats: readonly Restriction[]): Credential {
  return refusing(() => narrow({ credential, caveats, random: randomBytes(NARROWING_RANDOM_BYTES) }));
}

/** Not node:crypto: runtimes at the edge have this one too. */
function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** The SDK has one class of errors. */
function refusing<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof LimitsError)
      throw new PatchbayError({ code: 'request.invalid', message: error.message }, { cause: error });
    if (!(error instanceof CredentialError)) throw error;
    throw new PatchbayError({ code: error.code, message: error.message }, { cause: error });
  }
}
