import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { capsOfCredential, lifetimeSecondsMaxOf } from '@patchbay/domain/fleet/credential-caps';
import type { CapsByService, InternalRequest, InternalResponse } from '@patchbay/domain/fleet/internal-api';
import type { Ringing } from '@patchbay/domain/presence/ringing';
import { inactiveLevel } from '@patchbay/domain/tenancy/account-state';
import { UNKNOWN_COUNTRY } from '@patchbay/kit/country';
import type { CountryTable } from '@patchbay/kit/country-table';
import type { DeviceKind } from '@patchbay/kit/device-kind';
import type { KeyId } from '@patchbay/kit/ids';
import { parseUsername, passwordOf, verify } from '@patchbay/protocol/credential/credential';
import { check, type Effective, effectiveOf } from '@patchbay/protocol/credential/effective';
import { refusalOfUnenforced, type Verifier } from '@patchbay/protocol/credential/enforcement';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import {
  effectiveOfTurnRest,
  isTurnRestUsername,
  parseTurnRestUsername,
  turnRestPassword,
} from '@patchbay/protocol/credential/turn-rest';
import { cappedBy } from './credential-caps.ts';
import { decideCredential, type HeldPolicy, type RefusedByPolicy } from './credential-policy.ts';
import type { KeyUse } from './key-use.ts';
import type { NodeRefusalCode } from './node-refusal.ts';
import type { Revocations } from './revocations.ts';
import type { AccountSnapshot, KeySnapshot, Snapshots } from './snapshots.ts';

/** What a credential turned out to be, or a refusal with a stable code. */
export type ResolvedCredential =
  | {
      readonly kind: 'ok';
      readonly password: string;
      readonly effective: Effective;
      readonly key: KeySnapshot;
      readonly accountId: string;
      /** From the platform down to the account. */
      readonly chain: readonly string[];
      readonly credentialId: string;
      /** What the account's configuration of the service says besides. */
      readonly isRelayOnly: boolean;
      /** Which devices of its endpoint ring, where its settings say so. */
      readonly ringing?: Ringing;
      /** Its account, or one above or below it, has application logic. */
      readonly hasLogicNear?: boolean;
      /** Below this address stands a page for each code, at the host of the account's brand. */
      readonly pagesUrl?: string;
      /** What policies say besides. */
      readonly policy: HeldPolicy;
    }
  | {
      readonly kind: 'refused';
      readonly code: NodeRefusalCode;
      readonly detail: string;
      /** Where a key is named that is known: the reason is for whoever proves this, and for nobody else. */
      readonly password?: string;
      /** Of a credential that is good in itself and refused by a policy: whose it is, so that the refusal is in its log. */
      readonly byPolicy?: RefusedByPolicy &
        Pick<Resolved, 'effective' | 'key' | 'accountId' | 'credentialId'>;
    }
  /** Neither allowed nor refused: who could say is away. */
  | { readonly kind: 'away'; readonly detail: string };

interface Resolved {
  readonly effective: Effective;
  readonly key: KeySnapshot;
  readonly accountId: string;
  readonly credentialId: string;
}

export interface ResolverOptions {
  readonly snapshots: Snapshots;
  readonly revocations: Revocations;
  readonly region: string;
  readonly countries?: CountryTable | undefined;
  readonly keyUse?: Pick<KeyUse, 'resolved' | 'used'>;
  /** Has the control plane look for the events that end a credential. Without it such credentials wait. */
  readonly watchEnds?: (credential: InternalRequest<'watchEnds'>) => Promise<InternalResponse<'watchEnds'>>;
  readonly nowMs?: () => number;
}

interface Use {
  /** Caveats that this one does not hold are refused. */
  readonly verifier: Exclude<Verifier, 'api'>;
  readonly service: string;
  /** Undefined where whoever asks holds each client's address against `effective.sourceCidrs`, as the relay does. */
  readonly sourceIp: string | undefined;
  /** The feature that is asked for with that, where it is one alone. */
  readonly feature?: string;
  /** Features that it is served without, where a policy withholds them. */
  readonly optionalFeatures?: readonly string[];
  /** What its client says that it runs on; a relay is not told. */
  readonly deviceKind?: DeviceKind;
  /** Of what runs already: a shorter lifetime holds for what begins from now on. */
  readonly isRunning?: boolean;
}

/**
 * Decides what a credential may do, from snapshots alone (architecture §3, steps 1 and 2): the relay and signaling both
 * ask here, so they decide alike.
 */
export class CredentialResolver {
  readonly #options: ResolverOptions;
  /** Credentials whose ends are looked for: what they come to is heard as a revocation. The oldest is asked for again. */
  readonly #watched = new Set<string>();

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** Where an address is; undefined where there is no table that says it. */
  countryOf(sourceIp: string): string | undefined {
    return this.#options.countries?.countryOf(sourceIp);
  }

  /** Whether the key that a username names is in memory: others have to be looked up. */
  isFamiliar(username: string): boolean {
    const parsed = isTurnRestUsername(username) ? parseTurnRestUsername(username) : parseUsername(username);
    if (parsed.type === 'refusal' || parsed.keyId === undefined) return false;
    return this.#options.snapshots.keys.holds(parsed.keyId);
  }

  /** Of a username alone: whoever shows it proves the password later, by MESSAGE-INTEGRITY. */
  async resolveUsername(username: string, use: Use): Promise<ResolvedCredential> {
    if (isTurnRestUsername(username)) return this.#resolveTurnRest(username, use);
    const parsed = parseUsername(username);
    if (parsed.type === 'refusal') return refused(parsed.code, parsed.detail);
    const effective = effectiveOf(parsed);
    if ('type' in effective) return refused(effective.code, effective.detail);
    const key = await this.#keyOf(parsed.keyId);
    if (key.kind !== 'known') return key;
    return this.#decide(effective, {
      key: key.snapshot,
      password: passwordOf(Buffer.from(key.snapshot.mintKey, 'base64url'), parsed),
      use,
    });
  }

  /** Of a bearer token: username and password together. */
  async resolveToken(token: { username: string; password: string }, use: Use): Promise<ResolvedCredential> {
    const resolved = await this.resolveUsername(token.username, use);
    if (resolved.kind === 'refused' && resolved.password !== undefined) {
      return isSameText(resolved.password, token.password) ? resolved : unproven;
    }
    if (resolved.kind !== 'ok') return resolved;
    const verified = verify(Buffer.from(resolved.key.mintKey, 'base64url'), token);
    if (verified.type === 'refusal') return refused(verified.code, verified.detail);
    this.#options.keyUse?.used(resolved.credentialId);
    return (await this.refusalByEvent(resolved.credentialId, endsOf(resolved))) ?? resolved;
  }

  /**
   * Of an address that counts as its account (ACC-9): as if the account had minted a credential that carries no caveat and
   * is for no time. What may be done with it the account's configuration and the policies above say.
   */
  async resolveAddress(
    { accountId, address }: { readonly accountId: string; readonly address: string },
    use: Use,
  ): Promise<ResolvedCredential> {
    const id = addressCredentialId(address);
    const effective: Effective = {
      keyId: NO_KEY,
      prefixIds: [id],
      notBeforeMs: 0,
      expiresAtMs: Number.POSITIVE_INFINITY,
      mintedUntilMs: 0,
      accountIds: [],
      limits: [],
      endEvents: [],
    };
    const key: KeySnapshot = {
      keyId: NO_KEY,
      mode: 'live',
      mintKey: '',
      accountId,
      chain: [],
      isRevoked: false,
      mintsFor: [use.service],
    };
    // Nobody has it: a request that claims to be signed by it is not.
    const password = randomBytes(32).toString('base64url');
    return this.#judgeAt(accountId, effective, { key, password, use });
  }

  async #resolveTurnRest(username: string, use: Use): Promise<ResolvedCredential> {
    const parsed = parseTurnRestUsername(username);
    if (parsed.type === 'refusal') return refused(parsed.code, parsed.detail);
    const { keyId } = parsed;
    if (keyId === undefined) {
      return refused(
        'credential.malformed',
        'This relay serves many accounts: put the key id behind the expiry.',
      );
    }
    const key = await this.#keyOf(keyId);
    if (key.kind !== 'known') return key;
    const effective = effectiveOfTurnRest(username, { ...parsed, keyId });
    const password = turnRestPassword(Buffer.from(key.snapshot.mintKey, 'base64url'), username);
    return this.#decide(effective, { key: key.snapshot, password, use });
  }

  async #keyOf(keyId: string) {
    const found = await this.#options.snapshots.keys.get(keyId);
    if (found.kind === 'unknown') return unproven;
    if (found.kind === 'away') return { kind: 'away', detail: 'The key cannot be looked up now.' } as const;
    return found;
  }

  async #decide(
    effective: Effective,
    by: { key: KeySnapshot; password: string; use: Use },
  ): Promise<ResolvedCredential> {
    const judged = await this.#judge(effective, by);
    return judged.kind === 'refused' ? { ...judged, password: by.password } : judged;
  }

  async #judge(
    effective: Effective,
    { key, password, use }: { key: KeySnapshot; password: string; use: Use },
  ): Promise<ResolvedCredential> {
    const { revocations, nowMs = Date.now } = this.#options;
    if (
      key.isRevoked ||
      (key.expiresAtMs !== undefined && nowMs() >= key.expiresAtMs) ||
      revocations.has(effective)
    ) {
      return refused('credential.revoked', 'The credential or the key that minted it was revoked.');
    }
    if (!key.mintsFor.includes(use.service)) {
      return refused(
        'credential.service_not_allowed',
        `The key that minted it has no scope to mint for ${use.service}.`,
      );
    }
    const judged = await this.#judgeAt(effective.accountId ?? key.accountId, effective, {
      key,
      password,
      use,
    });
    if (judged.kind === 'ok' || (judged.kind === 'refused' && judged.byPolicy !== undefined)) {
      const credentialId = effective.prefixIds.at(-1) ?? key.keyId;
      this.#options.keyUse?.resolved(credentialId, { keyId: key.keyId, accountId: key.accountId });
    }
    return judged;
  }

  /** What its account, and everything above it, lets a credential do. */
  async #judgeAt(
    accountId: string,
    effective: Effective,
    { key, password, use }: { key: KeySnapshot; password: string; use: Use },
  ): Promise<ResolvedCredential> {
    const { region, snapshots, countries, nowMs = Date.now } = this.#options;
    const account = await snapshots.accounts.get(accountId);
    if (account.kind === 'away') return { kind: 'away', detail: 'The account cannot be looked up now.' };
    const known = account.kind === 'known' ? account.snapshot : noAccount;
    const { chain: levels, caps: accountCaps } = known;
    const chain = levels.map(({ id }) => id);
    // A key reaches its own account and those below it, and no other.
    if (!chain.includes(key.accountId)) {
      return refused('credential.account_not_allowed', 'The account named in it is not below the key’s own.');
    }
    const stopped = inactiveLevel(levels);
    if (stopped !== undefined)
      return refused(stopped.code, `Account ${stopped.level.id} is ${stopped.level.state}.`);
    const { sourceCidrs: _, ...fromAnywhere } = effective;
    const refusalUnder = (caps: CapsByService) =>
      check(use.sourceIp === undefined ? fromAnywhere : effective, {
        nowMs: nowMs(),
        service: use.service,
        ...(use.feature === undefined ? {} : { feature: use.feature }),
        sourceIp: use.sourceIp ?? '',
        region,
        accountChain: chain,
        ...(use.isRunning === true
          ? {}
          : {
              lifetimeSecondsMax: lifetimeSecondsMaxOf(caps, effective, use.service) ?? LIFETIME_SECONDS_MAX,
            }),
      });
    const refusal = refusalUnder(accountCaps) ?? refusalOfUnenforced(effective, use.verifier);
    if (refusal !== undefined) return refused(refusal.code, refusal.detail);
    const ofApplication = await this.#capsOfApplication(effective, accountId);
    if (ofApplication.kind !== 'known') return ofApplication;
    const caps = capsOfCredential(
      { ofAccount: accountCaps, ofApplication: ofApplication.caps, byEndpoint: known.capsByEndpoint },
      effective,
    );
    // Whoever may not under the caps of the account was refused before: an application is looked up for good reason alone.
    const narrower = refusalUnder(caps);
    if (narrower !== undefined) return refused(narrower.code, narrower.detail);
    const credentialId = effective.prefixIds.at(-1) ?? key.keyId;
    const policy = decideCredential(
      { account: known, application: ofApplication.snapshot, effective, credentialId },
      { ...use, country: countryOf(countries, use.sourceIp), region, atMs: nowMs() },
    );
    if ('code' in policy) {
      const byPolicy = { ...policy, effective, key, accountId, credentialId };
      return { ...refused(policy.code, policy.detail), byPolicy };
    }
    const { ringing } = caps[use.service] ?? {};
    return {
      kind: 'ok',
      password,
      effective: cappedBy(caps[use.service], { effective, policy }),
      key,
      accountId,
      chain,
      credentialId,
      isRelayOnly: caps[use.service]?.isRelayOnly ?? false,
      ...(ringing === undefined ? {} : { ringing }),
      ...(known.hasLogicNear === true ? { hasLogicNear: true } : {}),
      ...(known.pagesUrl === undefined ? {} : { pagesUrl: known.pagesUrl }),
      policy,
    };
  }

  /**
   * Why a credential that events end is not good now (ACC-7). To be asked once its holder has proven it: each that is looked for
   * is a row. Asked once here: from then on its end is a revocation.
   */
  async refusalByEvent(
    credentialId: string,
    { ends, ...of }: InternalRequest<'watchEnds'>,
  ): Promise<Exclude<ResolvedCredential, { readonly kind: 'ok' }> | undefined> {
    if (ends.length === 0 || this.#watched.has(credentialId)) return undefined;
    const asked = { ...of, ends };
    const answer = await this.#options.watchEnds?.(asked).catch(() => undefined);
    if (answer === undefined)
      return { kind: 'away', detail: 'What ends the credential cannot be looked for now.' };
    if (answer.hasEnded) return refused('credential.revoked', 'An event has ended it.');
    this.#watched.add(credentialId);
    const [oldest] = this.#watched;
    if (this.#watched.size > WATCHED_COUNT_MAX && oldest !== undefined) this.#watched.delete(oldest);
    return undefined;
  }

  /** What the application and instance type of a credential allow, their account included; no caps where it names none. */
  async #capsOfApplication({ applicationId, instanceType }: Effective, accountId: string) {
    const no = (detail: string) => refused('credential.application_not_allowed', detail);
    if (applicationId === undefined) {
      if (instanceType === undefined) return { kind: 'known', caps: undefined, snapshot: undefined } as const;
      return no('It names an instance type and no application that has one.');
    }
    const found = await this.#options.snapshots.application(accountId, applicationId);
    if (found.kind === 'away')
      return { kind: 'away', detail: 'The application cannot be looked up now.' } as const;
    if (found.kind === 'unknown') return no(`The account has no application ${applicationId}.`);
    const { caps, capsByInstanceType } = found.snapshot;
    const { snapshot } = found;
    if (instanceType === undefined) return { kind: 'known', caps, snapshot } as const;
    // A name of the credential's own: what every object has is no instance type.
    const ofType = Object.hasOwn(capsByInstanceType, instanceType)
      ? capsByInstanceType[instanceType]
      : undefined;
    if (ofType === undefined) return no(`Application ${applicationId} has no instance type ${instanceType}.`);
    return { kind: 'known', caps: ofType, snapshot } as const;
  }
}

/** In the place of a key's id, where no key minted anything: none is called so. */
const NO_KEY = 'key_none' as KeyId;

/** What usage and logs name in the place of a credential. */
export const addressCredentialId = (address: string): string => `address:${address}`;

/** Whoever asks without a table is told that nobody knows: a policy of countries then lets nobody pass. */
const countryOf = (countries: CountryTable | undefined, sourceIp: string | undefined) =>
  sourceIp === undefined ? undefined : (countries?.countryOf(sourceIp) ?? UNKNOWN_COUNTRY);

/** What the control plane has to know of a credential that events end. */
export const endsOf = ({
  effective: { endEvents, notBeforeMs, expiresAtMs },
  key: { keyId },
  accountId,
}: Pick<Resolved, 'effective' | 'key' | 'accountId'>): InternalRequest<'watchEnds'> => ({
  accountId,
  keyId,
  ...(notBeforeMs > 0 ? { notBeforeMs } : {}),
  expiresAtMs,
  ends: [...endEvents],
});

const WATCHED_COUNT_MAX = 20_000;

const noAccount: AccountSnapshot = {
  accountId: '',
  chain: [],
  caps: {},
  capsByEndpoint: {},
  policy: [],
  endpointPolicies: [],
  credentialPolicies: [],
  spent: [],
};

/** Of a key that nobody knows, and of a password that is wrong: who only guesses cannot tell them apart. */
const unproven = {
  kind: 'refused',
  code: 'credential.signature',
  detail: 'No active key minted this credential.',
} as const;

function isSameText(a: string, b: string): boolean {
  const hashOf = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hashOf(a), hashOf(b));
}

const refused = (code: NodeRefusalCode, detail: string) => ({ kind: 'refused', code, detail }) as const;
