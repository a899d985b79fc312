import { passkeyAddedMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { z } from 'zod';
import { type AddressProofOptions, mayAddFactor } from './address-proof.ts';
import type { PrismaClient } from './generated/client.ts';
import { noteSignIn } from './sign-in-log.ts';
import { atomically } from './unit-of-work.ts';

export const PASSKEY_COUNT_MAX = 20;
/** EdDSA, ES256 and RS256 (RFC 9053 §2, RFC 8812 §2): the same on each version of Node, which may know more. */
const supportedAlgorithmIDs = [-8, -7, -257];
export const CHALLENGE_LIFETIME_MS = 5 * 60_000;

/** For whom a browser makes a passkey, and from which pages it lets one sign. */
export interface RelyingParty {
  /** A host name, never an IP address. */
  readonly id: string;
  readonly origin: string;
  /** Of a brand. Absent: it is the platform's own. */
  readonly host?: string;
}

export interface Passkey {
  readonly id: string;
  readonly name: string;
  /** The host of a brand where it was made, and works. Undefined: the platform's own. */
  readonly host: string | undefined;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | undefined;
}

interface Person {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
}

/** From where something is changed, for the audit log. */
interface Asked {
  readonly address: string;
  readonly requestId?: string;
}

export interface Passkeys {
  list(userId: string): Promise<readonly Passkey[]>;
  /**
   * What a browser needs to make one, which is kept under a name of the place. Undefined: too many wait for an answer, or their
   * address is not proved.
   */
  propose(
    person: Person & Made & { readonly placeName: string },
  ): Promise<PublicKeyCredentialCreationOptionsJSON | undefined>;
  /** Keeps what a browser made, under a name, and tells its owner. Its id. Undefined: refused. */
  add(
    passkey: Person & Made & Asked & { readonly passkeyName: string; readonly response: unknown },
  ): Promise<string | undefined>;
  /** False: it is not theirs. */
  rename(
    passkey: Omit<Person, 'email'> & Asked & { readonly id: string; readonly passkeyName: string },
  ): Promise<boolean>;
  /** False: it is not theirs. */
  remove(passkey: Omit<Person, 'email'> & Asked & { readonly id: string }): Promise<boolean>;
  /** What a browser needs to sign in with one, whoever's it is. Undefined: too many wait for an answer. */
  challenge(at: RelyingParty): Promise<PublicKeyCredentialRequestOptionsJSON | undefined>;
  /** Whose passkey answered a challenge, at the place that it was made for. Each is taken once. */
  take(response: unknown, at: RelyingParty): Promise<Person | undefined>;
}

/** Where: a passkey works at the host where it was made, and at no other. */
interface Made {
  readonly at: RelyingParty;
}

const expectedAt = ({ id, origin }: RelyingParty) => ({
  expectedOrigin: origin,
  expectedRPID: id,
  requireUserVerification: true,
});

/** As far as it is read here; the rest is checked by whoever verifies it. */
const text = z.string().min(1).max(20_000);
const credential = { id: text.max(2_000), rawId: text, type: z.literal('public-key') };
const clientExtensionResults = z
  .looseObject({})
  .optional()
  .transform(() => ({}));
const registration = z.object({
  ...credential,
  clientExtensionResults,
  response: z.object({ clientDataJSON: text, attestationObject: text }),
});
const assertion = z.object({
  ...credential,
  clientExtensionResults,
  // The passkey says whose it is: nobody said so before it (Web Authentication §7.2, step 6).
  response: z.object({ clientDataJSON: text, authenticatorData: text, signature: text, userHandle: text }),
});
const clientData = z.object({ challenge: text });

export interface PasskeyOptions extends AddressProofOptions {
  readonly mails: Mails;
}

export function passkeys(prisma: PrismaClient, { mails, isProofAsked }: PasskeyOptions): Passkeys {
  async function keepChallenge(challenge: string, userId: string | null): Promise<boolean> {
    const until = new Date(Date.now() + CHALLENGE_LIFETIME_MS);
    const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
      SELECT passkey_challenge_make(${challenge}, ${userId}, ${until}) AS ok`;
    return row?.ok === true;
  }

  async function takeChallenge(clientDataJSON: string, userId: string | null): Promise<string | undefined> {
    const challenge = challengeOf(clientDataJSON);
    if (challenge === undefined) return undefined;
    const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
      SELECT passkey_challenge_take(${challenge}, ${userId}) AS ok`;
    return row?.ok === true ? challenge : undefined;
  }

  const rowsOf = (userId: string) =>
    prisma.$queryRaw<
      {
        id: string;
        name: string;
        credential_id: string;
        host: string | null;
        created_at: Date;
        last_used_at: Date | null;
      }[]
    >`SELECT id, name, credential_id, host, created_at, last_used_at FROM passkeys_of(${userId})`;

  return {
    list: async (userId) =>
      (await rowsOf(userId)).map((row) => ({
        id: row.id,
        name: row.name,
        host: row.host ?? undefined,
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at ?? undefined,
      })),

    async propose({ userId, name, email, at, placeName }) {
      if (!(await mayAddFactor(prisma, userId, { isProofAsked }))) return undefined;
      const known = (await rowsOf(userId)).filter(({ host }) => (host ?? undefined) === at.host);
      const options = await generateRegistrationOptions({
        rpName: placeName,
        rpID: at.id,
        userID: Uint8Array.from(Buffer.from(userId)),
        userName: email,
        userDisplayName: name,
        timeout: CHALLENGE_LIFETIME_MS,
        supportedAlgorithmIDs,
        excludeCredentials: known.map(({ credential_id: id }) => ({ id })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      return (await keepChallenge(options.challenge, userId)) ? options : undefined;
    },

    async add({ userId, name, email, at, address, requestId, passkeyName, response }) {
      const read = registration.safeParse(response);
      if (!read.success || !(await mayAddFactor(prisma, userId, { isProofAsked }))) return undefined;
      const challenge = await takeChallenge(read.data.response.clientDataJSON, userId);
      if (challenge === undefined) return undefined;
      const made = await verified(() =>
        verifyRegistrationResponse({
          ...expectedAt(at),
          supportedAlgorithmIDs,
          response: read.data satisfies RegistrationResponseJSON,
          expectedChallenge: challenge,
        }),
      );
      if (made?.verified !== true) return undefined;
      const { id, publicKey, counter } = made.registrationInfo.credential;
      const passkeyId = createId('psk');
      return await atomically(prisma, async () => {
        const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
          SELECT passkey_add_at(${passkeyId}, ${userId}, ${passkeyName}, ${id}, ${publicKey}, ${counter}::bigint,
            ${PASSKEY_COUNT_MAX}::integer, ${at.host ?? null}) AS ok`;
        if (row?.ok !== true) return undefined;
        await noteSignIn(prisma, {
          action: 'passkey.add',
          userId,
          name,
          address,
          requestId,
          after: { passkeyName, ...(at.host === undefined ? {} : { host: at.host }) },
        });
        await mails.send({ to: email, reader: { userId }, ...passkeyAddedMail({ name, passkeyName }) });
        return passkeyId;
      });
    },

    rename: ({ userId, name, address, requestId, id, passkeyName }) =>
      atomically(prisma, async () => {
        const [row] = await prisma.$queryRaw<{ name: string | null }[]>`
          SELECT passkey_rename(${userId}, ${id}, ${passkeyName}) AS name`;
        const was = row?.name ?? undefined;
        if (was !== undefined && was !== passkeyName) {
          const [before, after] = [{ passkeyName: was }, { passkeyName }];
          await noteSignIn(prisma, {
            action: 'passkey.rename',
            userId,
            name,
            address,
            requestId,
            before,
            after,
          });
        }
        return was !== undefined;
      }),

    remove: ({ userId, name, address, requestId, id }) =>
      atomically(prisma, async () => {
        const [row] = await prisma.$queryRaw<{ name: string | null }[]>`
          SELECT passkey_remove(${userId}, ${id}) AS name`;
        const passkeyName = row?.name ?? undefined;
        if (passkeyName === undefined) return false;
        await noteSignIn(prisma, {
          action: 'passkey.remove',
          userId,
          name,
          address,
          requestId,
          before: { passkeyName },
        });
        return true;
      }),

    async challenge(at) {
      const options = await generateAuthenticationOptions({
        rpID: at.id,
        userVerification: 'required',
        timeout: CHALLENGE_LIFETIME_MS,
      });
      return (await keepChallenge(options.challenge, null)) ? options : undefined;
    },

    async take(response, at) {
      const read = assertion.safeParse(response);
      if (!read.success) return undefined;
      const challenge = await takeChallenge(read.data.response.clientDataJSON, null);
      if (challenge === undefined) return undefined;
      const [row] = await prisma.$queryRaw<
        {
          id: string;
          user_id: string;
          name: string;
          email: string;
          public_key: Uint8Array;
          counter: bigint;
        }[]
      >`SELECT id, user_id, name, email, public_key, counter FROM passkey_find(${read.data.id})`;
      if (row === undefined || userOf(read.data.response.userHandle) !== row.user_id) return undefined;
      const answer = await verified(() =>
        verifyAuthenticationResponse({
          ...expectedAt(at),
          response: read.data satisfies AuthenticationResponseJSON,
          expectedChallenge: challenge,
          credential: {
            id: read.data.id,
            publicKey: Uint8Array.from(row.public_key),
            counter: Number(row.counter),
          },
        }),
      );
      if (answer?.verified !== true) return undefined;
      const [used] = await prisma.$queryRaw<{ ok: boolean }[]>`
        SELECT passkey_use(${row.id}, ${answer.authenticationInfo.newCounter}::bigint) AS ok`;
      return used?.ok === true ? { userId: row.user_id, name: row.name, email: row.email } : undefined;
    },
  };
}

/** The library throws for whatever does not hold, and says why in words alone: nobody is told here. */
const verified = <Answer>(verify: () => Promise<Answer>): Promise<Answer | undefined> =>
  verify().catch(() => undefined);

const userOf = (userHandle: string) => Buffer.from(userHandle, 'base64url').toString('utf8');

function challengeOf(clientDataJSON: string): string | undefined {
  try {
    const said: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'));
    return clientData.safeParse(said).data?.challenge;
  } catch {
    // No JSON, so no challenge.
    return undefined;
  }
}
