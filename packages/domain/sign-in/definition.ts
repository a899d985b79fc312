import { defineDomain } from '@patchbay/kit/definition';
import { idSchema } from '@patchbay/kit/ids';
import { z } from 'zod';
import { dateTime, name, password } from '../tenancy/fields.ts';
import {
  passkeyAssertion,
  passkeyCreationOptions,
  passkeyRegistration,
  passkeyRequestOptions,
} from './webauthn.ts';

export const PASSKEY_NAME_CHARACTERS_MAX = 60;

/** As somebody shows it: it may be one that was set when fewer characters were asked for. */
const shownPassword = z.string().min(1).max(200);
/** Of an authenticator, or a recovery code. */
const code = z.string().trim().min(6).max(40);
const passkeyName = z.string().trim().min(1).max(PASSKEY_NAME_CHARACTERS_MAX);
const passkeyId = idSchema('psk');
const signInId = idSchema('sin');
const empty = z.strictObject({});

const passkey = z.object({
  id: passkeyId,
  name: z.string(),
  createdAt: dateTime,
  /** Absent: it was not used yet. */
  lastUsedAt: dateTime.optional(),
});

const proof = z.object({
  /** Whether what signs somebody in may be added or set now. */
  isFresh: z.boolean(),
});

/** What changes what signs somebody in asks for a fresh proof, and is no matter of an organisation's provider. */
const guarded = ['sign-in.proof_stale', 'sign-in.by_organisation'] as const;
const guardedFactor = [...guarded, 'sign-in.address_unproved'] as const;

/** All of it is about whoever calls, and nobody else: a key is refused, and so is whoever looks as an account below theirs does. */
const ofOneself = { mount: 'platform', authentication: 'user' } as const;

export const signIn = defineDomain({
  name: 'sign-in',
  title: 'Your sign-in',
  summary:
    'What people do with their own sign-in: their name and address, password, passkeys, authenticator, sessions.',
  events: {},
  errors: {
    proof_stale: {
      status: 403,
      title: 'This asks for a proof of the last ten minutes that it is you.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Show your password or a passkey (ownProofs.byPassword, ownProofs.byPasskey), then repeat the request.',
    },
    proof_refused: {
      status: 403,
      title: 'The password, code or passkey is not right, or there were too many tries.',
      owner: 'client',
      retry: 'never',
      remedy: 'Try another, or wait 15 minutes: then ten more tries are taken.',
    },
    code_needed: {
      status: 403,
      title: 'The password is right, and a code is asked for.',
      owner: 'client',
      retry: 'never',
      remedy: 'Send the same again with `code`: six digits of the authenticator, or a recovery code.',
    },
    code_refused: {
      status: 422,
      title: 'The code is not right, or was used already.',
      owner: 'client',
      retry: 'never',
      remedy: 'Send the code that the authenticator shows now.',
    },
    by_organisation: {
      status: 409,
      title: 'An organisation signs this person in, and in no other way.',
      owner: 'config',
      retry: 'never',
      remedy: 'Set it at the provider of the organisation. A fresh proof is to sign out, and in again.',
    },
    address_unproved: {
      status: 409,
      title: 'The address is not proved yet.',
      owner: 'client',
      retry: 'never',
      remedy: 'Follow the link of the mail that was sent to it.',
    },
    too_many_links: {
      status: 429,
      title: 'As many links were mailed as may be within the hour.',
      owner: 'client',
      retry: 'after',
      remedy: 'Follow the newest of them, or try again within the hour.',
    },
    second_factor_on: {
      status: 409,
      title: 'There is an authenticator in use.',
      owner: 'client',
      retry: 'never',
      remedy: 'Turn it off first (ownSecondFactor.remove), with one of its codes.',
    },
    passkeys_unavailable: {
      status: 409,
      title: 'Browsers make no passkeys at this host.',
      owner: 'config',
      retry: 'never',
      remedy: 'Reach the platform by a host name, over HTTPS. On this machine alone, by `localhost`.',
    },
    passkey_refused: {
      status: 422,
      title: 'The passkey was not taken.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Ask for new options (ownPasskeys.propose) and answer them once, within five minutes, at the same host. Nobody has more than 20 passkeys.',
    },
  },
  resources: {
    ownProfile: {
      title: 'Your profile',
      ...ofOneself,
      operations: {
        update: {
          method: 'PATCH',
          path: '/me',
          summary: 'Give yourself another name.',
          access: 'read',
          request: z.strictObject({ name }),
          response: z.object({ name: z.string() }),
          errors: [],
        },
        changeEmail: {
          method: 'POST',
          path: '/me/email',
          summary:
            'Send a link to another address. It takes the place of the old one when the link is followed.',
          access: 'read',
          request: z.strictObject({ email: z.email().max(254), password: shownPassword }),
          response: z.object({ sentTo: z.email() }),
          errors: ['sign-in.proof_refused', 'sign-in.by_organisation', 'sign-in.too_many_links'],
        },
      },
    },
    ownProofs: {
      title: 'Proofs that it is you',
      ...ofOneself,
      operations: {
        get: {
          method: 'GET',
          path: '/me/proof',
          summary: 'Read whether you showed within the last ten minutes that it is you.',
          access: 'read',
          request: z.object({}),
          response: proof,
          errors: [],
        },
        byPassword: {
          method: 'POST',
          path: '/me/proof/password',
          summary: 'Show by your password, and a code where one is asked for, that it is you.',
          access: 'read',
          request: z.strictObject({ password: shownPassword, code: code.optional() }),
          response: proof,
          errors: ['sign-in.proof_refused', 'sign-in.code_needed', 'sign-in.by_organisation'],
        },
        challenge: {
          method: 'POST',
          path: '/me/proof/challenge',
          summary:
            'Ask for what a browser needs to sign with a passkey. It is answered once, within five minutes.',
          access: 'read',
          request: empty,
          response: passkeyRequestOptions,
          errors: ['sign-in.passkeys_unavailable'],
        },
        byPasskey: {
          method: 'POST',
          path: '/me/proof/passkey',
          summary: 'Show by what a passkey answered to a challenge that it is you.',
          access: 'read',
          request: z.strictObject({ response: passkeyAssertion }),
          response: proof,
          errors: ['sign-in.proof_refused', 'sign-in.by_organisation', 'sign-in.passkeys_unavailable'],
        },
      },
    },
    ownPassword: {
      title: 'Your password',
      ...ofOneself,
      operations: {
        change: {
          method: 'POST',
          path: '/me/password',
          summary: 'Set another password. Your other sessions end, and so do links of a forgotten password.',
          access: 'read',
          request: z.strictObject({ password }),
          response: proof,
          errors: [...guarded],
        },
      },
    },
    ownPasskeys: {
      title: 'Your passkeys',
      ...ofOneself,
      operations: {
        list: {
          method: 'GET',
          path: '/me/passkeys',
          summary: 'Read your passkeys of the host that is asked, and how many you have at others.',
          access: 'read',
          request: z.object({}),
          response: z.object({ items: z.array(passkey), elsewhereCount: z.int() }),
          errors: [],
        },
        propose: {
          method: 'POST',
          path: '/me/passkeys/options',
          summary:
            'Ask for what a browser needs to make a passkey. It is answered once, within five minutes.',
          access: 'read',
          request: empty,
          response: passkeyCreationOptions,
          errors: [...guardedFactor, 'sign-in.passkeys_unavailable'],
        },
        add: {
          method: 'POST',
          path: '/me/passkeys',
          summary: 'Keep what a browser made, under a name. You are told of it by mail.',
          access: 'read',
          request: z.strictObject({ name: passkeyName, response: passkeyRegistration }),
          response: z.object({ id: passkeyId, name: z.string() }),
          errors: [...guardedFactor, 'sign-in.passkeys_unavailable', 'sign-in.passkey_refused'],
        },
        rename: {
          method: 'PATCH',
          path: '/me/passkeys/{passkeyId}',
          summary: 'Give a passkey another name.',
          access: 'read',
          request: z.strictObject({ passkeyId, name: passkeyName }),
          response: z.object({ id: passkeyId, name: z.string() }),
          errors: [],
        },
        remove: {
          method: 'DELETE',
          path: '/me/passkeys/{passkeyId}',
          summary: 'Remove a passkey. It signs nobody in any more.',
          access: 'read',
          request: z.object({ passkeyId }),
          response: z.object({ id: passkeyId }),
          errors: [],
        },
      },
    },
    ownSecondFactor: {
      title: 'Your authenticator',
      ...ofOneself,
      operations: {
        get: {
          method: 'GET',
          path: '/me/second-factor',
          summary: 'Read whether a code is asked for when you sign in, and whether you may turn that on.',
          access: 'read',
          request: z.object({}),
          response: z.object({
            isOn: z.boolean(),
            /** Not before the address is proved, as of passkeys. */
            mayAdd: z.boolean(),
          }),
          errors: [],
        },
        propose: {
          method: 'POST',
          path: '/me/second-factor',
          summary: 'Make a key for an authenticator (RFC 6238). It counts once a first code was confirmed.',
          access: 'read',
          request: empty,
          response: z.object({
            /** In base32. */
            secret: z.string(),
            /** The same as `otpauth://…`, for a QR code. */
            uri: z.string(),
          }),
          errors: [...guardedFactor, 'sign-in.second_factor_on'],
        },
        confirm: {
          method: 'POST',
          path: '/me/second-factor/confirmation',
          summary: 'Turn it on, with its first code. The recovery codes are in this answer and nowhere else.',
          access: 'read',
          request: z.strictObject({ code }),
          response: z.object({ recoveryCodes: z.array(z.string()) }),
          errors: [...guardedFactor, 'sign-in.code_refused'],
        },
        remove: {
          method: 'POST',
          path: '/me/second-factor/removal',
          summary: 'Turn it off, with a code of it or a recovery code.',
          access: 'read',
          request: z.strictObject({ code }),
          response: z.object({ isOn: z.boolean() }),
          errors: ['sign-in.code_refused'],
        },
      },
    },
    ownSignIns: {
      title: 'Where you are signed in',
      ...ofOneself,
      operations: {
        list: {
          method: 'GET',
          path: '/me/sign-ins',
          summary: 'Read your sessions that hold, at most 100, the one seen last first.',
          access: 'read',
          request: z.object({}),
          response: z.object({
            items: z.array(
              z.object({
                id: signInId,
                address: z.string().optional(),
                userAgent: z.string().optional(),
                createdAt: dateTime,
                lastSeenAt: dateTime,
                /** The one that asks. */
                isThis: z.boolean(),
              }),
            ),
          }),
          errors: [],
        },
        end: {
          method: 'DELETE',
          path: '/me/sign-ins/{signInId}',
          summary: 'End one of your sessions. Its next request is refused.',
          access: 'read',
          request: z.object({ signInId }),
          response: z.object({ id: signInId }),
          errors: [],
        },
        endAll: {
          method: 'POST',
          path: '/me/sign-ins/ends',
          summary: 'End all of your sessions, or all but the one that asks.',
          access: 'read',
          request: z.strictObject({ scope: z.enum(['others', 'everywhere']) }),
          response: z.object({ endedCount: z.int() }),
          errors: [],
        },
      },
    },
  },
});
