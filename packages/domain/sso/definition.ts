import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { roleRef } from '../tenancy/role-operations.ts';
import { domainName } from './address-domain.ts';
import { samlErrors } from './saml-errors.ts';

/** How many domains an organisation may name. */
export const DOMAIN_COUNT_MAX = 50;
const GROUP_ROLE_COUNT_MAX = 50;
const EMERGENCY_COUNT_MAX = 10;
/** How many a provider signs with at one time: two while it changes its key, and some to spare. */
export const CERTIFICATE_COUNT_MAX = 6;
/** Metadata of one provider has some ten kilobytes; those of a whole federation are none of one organisation. */
export const METADATA_CHARACTERS_MAX = 200_000;

const DAY_SECONDS = 86_400;
/** By default, and at most: by then whoever runs the provider has taken the next certificate. */
const KEY_OVERLAP_SECONDS = 14 * DAY_SECONDS;
const KEY_OVERLAP_SECONDS_MAX = 90 * DAY_SECONDS;

const accountId = idSchema('acc');
const domainId = idSchema('dom');
const userId = idSchema('usr');
const dateTime = z.iso.datetime();

/** No provider makes owners: who has all rights is for an owner to say. */
const givenRole = roleRef.refine((role) => role !== 'owner', 'A provider makes nobody an owner.');

const groupRoles = z.array(z.object({ group: z.string(), role: roleRef }));

const issuer = z
  .url({ protocol: /^https?$/ })
  .max(300)
  // OpenID Connect Core 1.0 §2: an issuer has neither.
  .refine((url) => !/[?#]/.test(url), 'An issuer has no query and no fragment.');

/** What holds of a provider, whatever it speaks. */
const common = {
  /** By which it calls itself: the issuer of OpenID Connect, the entity id of SAML. */
  issuer: z.string(),
  /** Whoever is new gets it. Absent: only who was added to the team, or is in a group below, comes in. */
  newcomerRole: roleRef.optional(),
  /** The first whose group somebody is in says their role, anew at each sign-in. */
  groupRoles,
  isRequired: z.boolean(),
  emergencyUserIds: z.array(userId),
  changedAt: dateTime,
  /** When whoever asks signed in by it last, as it is set now. */
  triedAt: dateTime.optional(),
  /** What went wrong since it worked last. `code` is of an error that says what to do. */
  problem: z.object({ code: z.string().optional(), text: z.string(), at: dateTime }).optional(),
};

const attributeName = z
  .string()
  .trim()
  .regex(/^[\w.:/ -]{1,200}$/, 'This is no name of an attribute.');

/** How the provider calls what it says of people. What is left out is looked for under the usual names. */
const attributes = z.strictObject({
  email: attributeName.optional(),
  name: attributeName.optional(),
  groups: attributeName.optional(),
});

const provider = z.discriminatedUnion('kind', [
  z.object({
    /** OpenID Connect. */
    kind: z.literal('oidc'),
    ...common,
    clientId: z.string(),
    groupsClaim: z.string(),
    trustsEmail: z.boolean(),
  }),
  z.object({
    /** SAML 2.0. */
    kind: z.literal('saml'),
    ...common,
    signInUrl: z.string(),
    /** What its signatures are verified with. One that has ended holds on: tell whoever runs the provider. */
    certificates: z.array(
      z.object({ certificate: z.string(), fingerprint: z.string(), endsAt: dateTime, isEnding: z.boolean() }),
    ),
    metadataUrl: z.string().optional(),
    attributes,
    acceptsUnasked: z.boolean(),
    /** Our requests are signed with our key: the provider can refuse others. */
    signsRequests: z.boolean(),
  }),
]);

const samlKey = z.object({
  /** DER, in base64: for whoever runs the provider, if it does not read our metadata. */
  certificate: z.string(),
  /** SHA-256 of it. */
  fingerprint: z.string(),
  createdAt: dateTime,
  certificateEndsAt: dateTime,
  /** Of one that was replaced: until then it signs, and opens what is encrypted to it. */
  endsAt: dateTime.optional(),
});

const answer = z.object({
  accountId,
  /** What the provider is to send browsers back to. */
  redirectUrl: z.string(),
  /** Begins a sign-in: an address to link to from elsewhere. */
  signInUrl: z.string(),
  /** What a provider that speaks SAML has to know. */
  saml: z.object({
    entityId: z.string(),
    /** Where its answers go (assertion consumer service). */
    acsUrl: z.string(),
    /** A document that says both, with our certificates. */
    metadataUrl: z.string(),
    /** Key pairs of ours, the newest first: what is encrypted to them is opened, and requests are signed with one. */
    keys: z.array(samlKey),
  }),
  provider: provider.optional(),
  /** Where the provider keeps the people of the organisation up to date (SCIM 2.0). */
  scim: z.object({
    baseUrl: z.string(),
    /** Of the token that is in use. What it is, only whoever made it knows. */
    inUse: z.object({ createdAt: dateTime, lastUsedAt: dateTime.optional() }).optional(),
  }),
});

const domain = z.object({
  id: domainId,
  domain: z.string(),
  /** The TXT record that proves it. */
  record: z.object({ name: z.string(), value: z.string() }),
  provedAt: dateTime.optional(),
  /** Since when its record is looked for in vain. After 72 hours it is proved no longer. */
  missingSince: dateTime.optional(),
  createdAt: dateTime,
});

const ofOrganisation = 'Of the organisation that the account belongs to.';

export const sso = defineDomain({
  name: 'sso',
  title: 'Organisation sign-in',
  summary: 'The provider that an organisation signs its people in by, and the domains of their addresses.',
  events: {
    /** By which provider the organisation signs its people in, and how. */
    'connection.changed': z.object({ kind: z.enum(['oidc', 'saml']) }),
    'connection.removed': z.object({ kind: z.enum(['oidc', 'saml']) }),
    'saml-key.rotated': z.object({ samlKeyId: idField('smk') }),
    /** The key that was replaced signs and opens nothing any more. */
    'saml-key.ended': z.object({ samlKeyId: idField('smk') }),
    'scim-token.rotated': z.object({}),
    'scim-token.removed': z.object({}),
    'domain.added': z.object({ domain: z.string() }),
    'domain.proved': z.object({ domain: z.string() }),
    'domain.removed': z.object({ domain: z.string() }),
    /** Its TXT record was looked for three times in vain, a day apart. */
    'domain.missing': z.object({ domain: z.string() }),
    /** It was gone for three days: the domain is proved no longer. */
    'domain.lost': z.object({ domain: z.string() }),
  },
  errors: {
    secret_missing: {
      status: 422,
      title: 'A new provider needs its client secret.',
      owner: 'client',
      retry: 'never',
      remedy: 'Send `clientSecret`. It is left out only where issuer and client stay as they are.',
    },
    issuer_refused: {
      status: 422,
      title: 'Nothing is sent to this issuer.',
      owner: 'client',
      retry: 'never',
      remedy: 'Use an https address that leads to the public internet, as `detail` says.',
    },
    metadata_refused: {
      status: 422,
      title: 'What was given says nothing of a SAML provider that can be used.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Send the metadata of one provider, the https address of it, or its entity id, sign-in address and signing certificates. `detail` says what is wrong.',
    },
    saml_key_replaced: {
      status: 409,
      title: 'A key was replaced already, and has not ended.',
      owner: 'client',
      retry: 'after',
      remedy:
        'Wait until the older key ends, or end it now, once the provider encrypts to the newer one and knows it.',
    },
    not_tried: {
      status: 409,
      title: 'Whoever requires the provider has signed in by it first.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Press “Test sign-in” in the dashboard with an address at a proved domain, and turn it on there.',
    },
    not_an_owner: {
      status: 422,
      title: 'Emergency access is for owners of the organisation.',
      owner: 'client',
      retry: 'never',
      remedy: 'Name people who own its top account.',
    },
    domain_taken: {
      status: 409,
      title: 'Another organisation proved this domain.',
      owner: 'client',
      retry: 'never',
      remedy: 'Ask whoever runs the platform, if the domain is yours.',
    },
    too_many_domains: {
      status: 409,
      title: 'The organisation names as many domains as it may.',
      owner: 'client',
      retry: 'never',
      remedy: 'Remove one that nobody signs in with.',
    },
    ...samlErrors,
  },
  resources: {
    sso: {
      title: 'Organisation sign-in',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/organisation/sso',
          summary: `Read the provider by which people sign in. ${ofOrganisation} Its secret is never shown.`,
          access: 'administer',
          request: z.object({}),
          response: answer,
          errors: ['auth.scope'],
        },
        set: {
          method: 'PUT',
          path: '/organisation/sso',
          summary:
            'Set a provider of OpenID Connect. Another issuer or client is a new one: its sessions end, and it has to be tried before it is required.',
          access: 'own',
          request: z.strictObject({
            issuer,
            clientId: z.string().trim().min(1).max(300),
            /** Stays as it is where it is left out. */
            clientSecret: z.string().min(1).max(1_000).optional(),
            newcomerRole: givenRole.optional(),
            /** The claim that holds the groups of somebody: a list of texts. */
            groupsClaim: z
              .string()
              .regex(/^[\w.:/-]{1,200}$/)
              .default('groups'),
            groupRoles: z
              .array(z.strictObject({ group: z.string().min(1).max(200), role: givenRole }))
              .max(GROUP_ROLE_COUNT_MAX)
              .default([]),
            /** Take its word for an address of which it does not say whether it was verified, as Entra ID does not. */
            trustsEmail: z.boolean().default(false),
          }),
          response: answer,
          errors: ['auth.scope', 'sso.secret_missing', 'sso.issuer_refused'],
        },
        setSaml: {
          method: 'PUT',
          path: '/organisation/sso/saml',
          summary:
            'Set a provider of SAML 2.0: by its metadata, the address of that, or entity id, sign-in address and certificates. Another entity id is a new one, as with OpenID Connect.',
          access: 'own',
          request: z.strictObject({
            /** The document itself. */
            metadata: z.string().min(1).max(METADATA_CHARACTERS_MAX).optional(),
            /** Where it is; it is fetched now, and again when it is set again. */
            metadataUrl: z
              .url({ protocol: /^https?$/ })
              .max(500)
              .optional(),
            entityId: z.string().trim().min(1).max(300).optional(),
            signInUrl: z
              .url({ protocol: /^https?$/ })
              .max(500)
              .optional(),
            /** PEM, or base64 alone. */
            certificates: z.array(z.string().min(1).max(10_000)).min(1).max(CERTIFICATE_COUNT_MAX).optional(),
            attributes: attributes.default({}),
            /** Takes people who come from the provider without having been sent there. It can then sign anybody's browser in. */
            acceptsUnasked: z.boolean().default(false),
            /** Sign our requests with our key. */
            signsRequests: z.boolean().default(false),
            newcomerRole: givenRole.optional(),
            groupRoles: z
              .array(z.strictObject({ group: z.string().min(1).max(200), role: givenRole }))
              .max(GROUP_ROLE_COUNT_MAX)
              .default([]),
          }),
          response: answer,
          errors: ['auth.scope', 'sso.metadata_refused', 'sso.issuer_refused', 'sso.saml_key_missing'],
        },
        rotateSamlKey: {
          method: 'POST',
          path: '/organisation/sso/saml-keys',
          summary:
            'Make a key pair of ours for SAML. One before it signs, and opens what is encrypted to it, for as long as is said; our metadata name both.',
          access: 'own',
          request: z.strictObject({
            overlapSeconds: z.int().min(0).max(KEY_OVERLAP_SECONDS_MAX).default(KEY_OVERLAP_SECONDS),
          }),
          response: answer,
          errors: ['auth.scope', 'sso.saml_key_replaced'],
        },
        endReplacedSamlKey: {
          method: 'DELETE',
          path: '/organisation/sso/saml-keys/replaced',
          summary: 'End the key that was replaced, now: the newer one alone signs and opens.',
          access: 'own',
          request: z.object({}),
          response: answer,
          errors: ['auth.scope'],
        },
        update: {
          method: 'PATCH',
          path: '/organisation/sso',
          summary:
            'Require the provider of everybody with an address at a proved domain, or no longer; and say which owners may sign in otherwise.',
          access: 'own',
          request: z.strictObject({
            isRequired: z.boolean().optional(),
            emergencyUserIds: z.array(userId).max(EMERGENCY_COUNT_MAX).optional(),
          }),
          response: answer.extend({ endedSessionCount: z.int() }),
          errors: ['auth.scope', 'sso.not_tried', 'sso.not_an_owner'],
        },
        remove: {
          method: 'DELETE',
          path: '/organisation/sso',
          summary: 'Remove the provider. Every session that it opened ends; domains stay proved.',
          access: 'own',
          request: z.object({}),
          response: z.object({ accountId, endedSessionCount: z.int() }),
          errors: ['auth.scope'],
        },
        rotateScimToken: {
          method: 'POST',
          path: '/organisation/sso/scim-token',
          summary:
            'Make the token of SCIM, in place of one before it, which ends at once. It is in this answer and nowhere else.',
          access: 'own',
          request: z.strictObject({}),
          response: z.object({ baseUrl: z.string(), secret: z.string() }),
          errors: ['auth.scope'],
        },
        removeScimToken: {
          method: 'DELETE',
          path: '/organisation/sso/scim-token',
          summary: 'End the token of SCIM at once. People and their roles stay as they are.',
          access: 'own',
          request: z.object({}),
          response: z.object({ accountId }),
          errors: ['auth.scope'],
        },
        test: {
          method: 'POST',
          path: '/organisation/sso/tests',
          summary: 'Ask the provider what it offers, as a sign-in would. Nobody signs in.',
          access: 'own',
          request: z.strictObject({}),
          response: z.object({
            isUsable: z.boolean(),
            /** Why it is not. */
            problem: z.string().optional(),
            authorizationEndpoint: z.string().optional(),
            tokenEndpoint: z.string().optional(),
          }),
          errors: ['auth.scope'],
        },
      },
    },
    ssoDomains: {
      title: 'Domains of an organisation',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/organisation/sso/domains',
          summary: `Read the domains of e-mail addresses. ${ofOrganisation}`,
          access: 'administer',
          request: pageRequest,
          response: pageOf(domain),
          errors: ['auth.scope'],
        },
        add: {
          method: 'POST',
          path: '/organisation/sso/domains',
          summary: 'Name a domain. It counts once its TXT record was found.',
          access: 'own',
          request: z.strictObject({ domain: domainName }),
          response: domain,
          errors: ['auth.scope', 'sso.domain_taken', 'sso.too_many_domains'],
        },
        verify: {
          method: 'POST',
          path: '/organisation/sso/domains/{domainId}/verifications',
          summary: 'Look for the TXT record of a domain. It has no `provedAt` as long as there is none.',
          access: 'own',
          request: z.strictObject({ domainId }),
          response: domain.extend({
            /** What is there in place of the record. */
            found: z.array(z.string()).optional(),
          }),
          errors: ['auth.scope', 'sso.domain_taken'],
        },
        remove: {
          method: 'DELETE',
          path: '/organisation/sso/domains/{domainId}',
          summary: 'Remove a domain. Nobody with an address at it signs in by the provider any more.',
          access: 'own',
          isAllowedAtClosed: true,
          request: z.object({ domainId }),
          response: z.object({ id: domainId, domain: z.string() }),
          errors: ['auth.scope'],
        },
      },
    },
  },
});
