import { type ErrorDefinition, platformError } from '@patchbay/kit/errors';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import type { Credential } from '@patchbay/protocol/credential/credential';
import { LIFETIME_SECONDS_DEFAULT } from '@patchbay/protocol/credential/lifetime';
import {
  type CredentialLimits,
  type LimitField,
  type LimitName,
  LimitsError,
  limitFields,
  limitNames,
  toRestrictions,
} from '@patchbay/protocol/credential/limits';
import { CredentialError } from '@patchbay/protocol/credential/refusal';
import { z } from 'zod';

/** What a service that mints needs from the world. */
export interface Minting {
  /**
   * Mints with the account's own key, as its server SDK would, or with that of the nearest account above it. Undefined when
   * none of them has one that may mint all. Throws a CredentialError when the caveats make no credential.
   */
  mint(input: {
    readonly accountId: string;
    readonly caveats: readonly Restriction[];
  }): Promise<Credential | undefined>;
}

type LimitShape = {
  readonly [Name in LimitName]-?: z.ZodOptional<z.ZodType<NonNullable<CredentialLimits[Name]>>>;
};

/** What may be asked of a credential that the API mints: as much as a server SDK can mint offline (ACC-7). */
export const limitShape = Object.fromEntries(
  limitNames.map((name) => [name, described(limitFields[name]).optional()]),
  // Each field is the schema of its own limit: the table says so, an indexed access cannot.
) as unknown as LimitShape;

function described(field: LimitField): z.ZodType {
  const schema = schemaOf(field);
  if (field.example !== undefined) return schema.describe(`Such as ${field.example}.`);
  return field.form === 'list' && field.choices !== undefined
    ? schema.describe(`Some of ${field.choices.join(', ')}.`)
    : schema;
}

function schemaOf(field: LimitField): z.ZodType {
  switch (field.form) {
    case 'text':
      return z.string().min(1).max(field.lengthMax);
    case 'integer':
      return z.int().min(field.min).max(field.max);
    case 'choice':
      return choiceOf(field.choices);
    case 'list': {
      const item = field.choices === undefined ? z.string().min(1).max(64) : choiceOf(field.choices);
      return z.array(item).min(1).max(field.countMax);
    }
  }
}

function choiceOf(choices: readonly string[]): z.ZodType {
  return z.enum(choices as readonly [string, ...string[]]);
}

/** The caveats of what was asked for; what makes no credential is the caller's fault, and is told by its name. */
export function requestedCaveats(limits: CredentialLimits, nowMs: number): readonly Restriction[] {
  try {
    return toRestrictions(limits, nowMs);
  } catch (error) {
    throw asRefusal(error);
  }
}

/** How long what is minted lives: as asked, or as long as usual where that is allowed. */
export function lifetimeSecondsOf(
  asked: number | undefined,
  secondsMax: number,
  tooLong: (publicDetail: string) => Error,
): number {
  const ttlSeconds = asked ?? Math.min(LIFETIME_SECONDS_DEFAULT, secondsMax);
  if (ttlSeconds > secondsMax)
    throw tooLong(`At most ${secondsMax} seconds are allowed here, not ${ttlSeconds}.`);
  return ttlSeconds;
}

/** Mints by a key of the account, or of one above it. */
export async function mintedFor(
  minting: Minting,
  request: Parameters<Minting['mint']>[0],
  noKey: (publicDetail: string) => Error,
): Promise<Credential> {
  const credential = await minting.mint(request).catch((error: unknown) => {
    throw asRefusal(error);
  });
  if (credential === undefined) throw noKey('Neither this account nor one above it has a key to mint with.');
  return credential;
}

/** Why a service mints nothing. `what` is minted for at most as long as the field `secondsMax` of the configuration says. */
export const mintingErrors = (what: 'token' | 'credential', secondsMax: string) =>
  ({
    no_key: {
      status: 422,
      title: 'No key of this account, or of one above it, can mint.',
      owner: 'config',
      retry: 'never',
      remedy: 'Create a live key with the scope * for this account, and leave it without an expiry.',
    },
    ttl_too_long: {
      status: 422,
      title: `The ${what} would live longer than is allowed here.`,
      owner: 'config',
      retry: 'never',
      remedy: `Ask for a shorter ttlSeconds, or raise ${secondsMax} in the configuration of the level that set it.`,
    },
  }) as const satisfies Readonly<Record<string, ErrorDefinition>>;

/** No node that clients connect to is there. */
export const noSignalingNode = {
  status: 503,
  title: 'No signaling node is in service.',
  owner: 'capacity',
  retry: 'after',
  remedy: 'Wait for the time in Retry-After and ask again.',
} as const satisfies ErrorDefinition;

/** To be thrown where minting failed. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof LimitsError) && !(error instanceof CredentialError)) return error;
  return platformError('request.invalid', error.message);
}
