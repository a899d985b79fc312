import { platformError } from '@patchbay/kit/errors';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
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

/** To be thrown where minting failed. */
export function asRefusal(error: unknown): unknown {
  if (!(error instanceof LimitsError) && !(error instanceof CredentialError)) return error;
  return platformError('request.invalid', error.message);
}
