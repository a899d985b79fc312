import { idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { dateTime, name, scope } from './fields.ts';

const accountId = idSchema('acc');
const keyId = idSchema('key');

const key = z.object({
  id: keyId,
  /** Of a test key: the test account, which is what its requests are about. */
  accountId,
  name: z.string(),
  /** The first characters of the secret, enough to recognise it by. */
  display: z.string(),
  mode: z.enum(['live', 'test']),
  scopes: z.array(scope),
  createdAt: dateTime,
  expiresAt: dateTime.optional(),
  lastUsedAt: dateTime.optional(),
  revokedAt: dateTime.optional(),
  /** The key that took its place when it was rotated: until `expiresAt`, both work. */
  replacedBy: keyId.optional(),
});

/** Keys, and the credentials that are minted with them. */
export const keyResources = {
  keys: {
    title: 'API keys',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/keys',
        summary: 'Read the keys of this account, the revoked ones too.',
        access: 'develop',
        request: pageRequest,
        response: pageOf(key),
        errors: [],
      },
      get: {
        method: 'GET',
        path: '/keys/{keyId}',
        summary: 'Read one key: its scopes, when it was used last, and whether it still works.',
        access: 'develop',
        request: z.object({ keyId }),
        response: key,
        errors: [],
      },
      update: {
        method: 'PATCH',
        path: '/keys/{keyId}',
        summary:
          'Rename a key. What it may do stays as it was made: credentials are minted with it by whoever has it, so other rights are those of a new key.',
        access: 'develop',
        request: z.strictObject({ keyId, name }),
        response: key,
        errors: ['tenancy.key_stronger'],
      },
      create: {
        method: 'POST',
        path: '/keys',
        summary:
          'Create a key. Its secret is in this answer and nowhere else. A test key is one of the test account, which is made with the first of them.',
        access: 'develop',
        request: z.strictObject({
          name: name.default('API key'),
          /** Default: what the account is. */
          mode: z.enum(['live', 'test']).optional(),
          scopes: z.array(scope).min(1).max(64).default(['*']),
          expiresAt: requestTime.optional(),
        }),
        response: key.extend({ secret: z.string() }),
        errors: ['tenancy.scope_too_wide'],
      },
      rotate: {
        method: 'POST',
        path: '/keys/{keyId}/rotate',
        summary:
          'Make a new key like this one. Until `endsAt`, at most 30 days from now, both work. The new secret is in this answer and nowhere else.',
        access: 'develop',
        request: z.strictObject({
          keyId,
          /** When the old key ends. Default: 24 hours from now. */
          endsAt: requestTime.optional(),
        }),
        response: key.extend({ secret: z.string(), replaced: key }),
        errors: ['tenancy.scope_too_wide', 'tenancy.key_over', 'tenancy.overlap_too_long'],
      },
      revoke: {
        method: 'DELETE',
        path: '/keys/{keyId}',
        summary: 'Revoke a key at once. Credentials it minted end within 2 seconds, live sessions included.',
        access: 'develop',
        isAllowedAtClosed: true,
        request: z.object({ keyId }),
        response: key,
        errors: ['tenancy.key_stronger'],
      },
    },
  },
  credentials: {
    title: 'Ephemeral credentials',
    mount: 'account',
    operations: {
      revoke: {
        method: 'POST',
        path: '/credentials/revocations',
        summary:
          'Revoke a credential, and all that were narrowed from it. Live sessions end within 2 seconds.',
        access: 'develop',
        isAllowedAtClosed: true,
        request: z.strictObject({ username: z.string().min(1).max(508) }),
        response: z.object({ prefixId: z.string() }),
        errors: ['tenancy.credential_refused'],
      },
    },
  },
} as const;
