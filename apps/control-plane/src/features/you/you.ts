'use server';

import { PASSKEY_NAME_CHARACTERS_MAX } from '@patchbay/adapters/prisma/passkeys';
import { headers } from 'next/headers';
import { z } from 'zod';
import { controlPlane } from '../../server/compose.ts';
import { ADDRESS_HEADER } from '../../server/request-address.ts';
import { pageBrand } from '../brand/shown-brand.ts';
import { currentSignIn } from '../sign-in/signed-in.ts';
import { type QrCode, qrCodeOf } from './qr-code.ts';

/** Everything here is done as whoever is signed in. Next refuses a call from another origin (C41). */
async function person() {
  const signedIn = await currentSignIn();
  if (signedIn === undefined) throw new Error('Nobody is signed in.');
  return { ...signedIn, address: (await headers()).get(ADDRESS_HEADER) ?? '' };
}

const code = z.string().trim().min(6).max(40);
const newPasskey = z.object({
  passkeyName: z.string().trim().min(1).max(PASSKEY_NAME_CHARACTERS_MAX),
  response: z.unknown(),
});
const newAddress = z.object({ email: z.email().max(254), password: z.string().min(1).max(200) });

/** A secret for an authenticator. Undefined: there is one in use. */
export async function proposeSecondFactor(): Promise<
  { readonly secret: string; readonly uri: string; readonly qr: QrCode } | undefined
> {
  const { name: issuer } = await pageBrand();
  const proposed = await controlPlane().factors.propose({ ...(await person()), issuer });
  return proposed && { ...proposed, qr: qrCodeOf(proposed.uri) };
}

/** The recovery codes, here and nowhere else. Undefined: not this code. */
export async function confirmSecondFactor(shown: string): Promise<readonly string[] | undefined> {
  const read = code.safeParse(shown);
  const { factors, signInLimiter } = controlPlane();
  const who = await person();
  if (!read.success || (await signInLimiter.count(who.userId, Date.now())).isExceeded) return undefined;
  return await factors.confirm({ ...who, code: read.data });
}

export async function removeSecondFactor(shown: string): Promise<boolean> {
  const read = code.safeParse(shown);
  const { factors, signInLimiter } = controlPlane();
  const who = await person();
  if (!read.success || (await signInLimiter.count(who.userId, Date.now())).isExceeded) return false;
  return await factors.remove({ ...who, code: read.data });
}

/** What a browser needs to make a passkey. Undefined: there were too many tries, or passkeys do not work here. */
export async function proposePasskey() {
  const { passkeys, signInLimiter } = controlPlane();
  const who = await person();
  if ((await signInLimiter.count(who.userId, Date.now())).isExceeded) return undefined;
  return await passkeys?.propose(who);
}

export async function addPasskey(fields: {
  readonly passkeyName: string;
  readonly response: unknown;
}): Promise<boolean> {
  const read = newPasskey.safeParse(fields);
  const { passkeys } = controlPlane();
  const who = await person();
  if (!read.success || passkeys === undefined) return false;
  return await passkeys.add({ ...who, ...read.data });
}

export async function removePasskey(id: string): Promise<boolean> {
  const { passkeys } = controlPlane();
  const who = await person();
  return (await passkeys?.remove({ ...who, id: String(id) })) ?? false;
}

export async function changeAddress(
  fields: z.input<typeof newAddress>,
): Promise<'sent' | 'refused' | 'too_often' | 'organisation'> {
  const read = newAddress.safeParse(fields);
  const { emailLinks, signInLimiter } = controlPlane();
  const who = await person();
  if (!read.success || (await signInLimiter.count(who.userId, Date.now())).isExceeded) return 'refused';
  const isSent = await emailLinks.changeEmail({ ...who, oldEmail: who.email, ...read.data });
  if (isSent === 'organisation') return 'organisation';
  return isSent === undefined ? 'refused' : isSent ? 'sent' : 'too_often';
}

export async function endSignIn(id: string): Promise<boolean> {
  const { signInSessionId } = await person();
  return await controlPlane().signIns.end(signInSessionId, String(id));
}

/** This session too. Answers how many ended: none for a request that does not say so. */
export async function endAllSignIns(scope: 'everywhere'): Promise<number> {
  if (scope !== 'everywhere') return 0;
  const { signInSessionId } = await person();
  return await controlPlane().signIns.signOutEverywhere(signInSessionId);
}
