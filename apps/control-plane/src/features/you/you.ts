'use server';

import type { ProofOutcome } from '@patchbay/adapters/prisma/own-proof';
import { PASSKEY_NAME_CHARACTERS_MAX } from '@patchbay/adapters/prisma/passkeys';
import { tenancy } from '@patchbay/domain/tenancy/definition';
import { headers } from 'next/headers';
import { z } from 'zod';
import { controlPlane } from '../../server/compose.ts';
import { ADDRESS_HEADER } from '../../server/request-address.ts';
import { pageBrand } from '../brand/shown-brand.ts';
import { relyingPartyHere } from '../sign-in/passkey-place.ts';
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
const { password } = tenancy.resources.enrolment.operations.signUp.request.shape;
const newPassword = z.object({ password });
const newProof = z.object({ password: z.string().min(1).max(200), code: z.string().max(40).optional() });
const newAddress = z.object({ email: z.email().max(254), password: z.string().min(1).max(200) });

/** The same, where they showed lately that it is they: for what signs them in from then on. */
async function provedPerson() {
  const who = await person();
  return (await controlPlane().proofs.isFresh(who.signInSessionId)) ? who : undefined;
}

/** A fresh proof, by password and the code of an authenticator where there is one. */
export async function proveByPassword(fields: z.input<typeof newProof>): Promise<ProofOutcome> {
  const read = newProof.safeParse(fields);
  const { proofs, signInLimiter } = controlPlane();
  const who = await person();
  if (!read.success || (await signInLimiter.count(who.userId, Date.now())).isExceeded) return 'refused';
  return await proofs.byPassword({ ...who, ...read.data });
}

/** The same, by what a passkey answered to a challenge of the sign-in. */
export async function proveByPasskey(response: unknown): Promise<ProofOutcome> {
  const { proofs, signInLimiter } = controlPlane();
  const [who, at] = [await person(), await relyingPartyHere()];
  if (at === undefined || (await signInLimiter.count(who.userId, Date.now())).isExceeded) return 'refused';
  return await proofs.byPasskey({ ...who, response, at });
}

export async function changePassword(
  fields: z.input<typeof newPassword>,
): Promise<'changed' | 'stale' | 'organisation' | 'invalid'> {
  const read = newPassword.safeParse(fields);
  const who = await person();
  return read.success ? await controlPlane().proofs.changePassword({ ...who, ...read.data }) : 'invalid';
}

/** A secret for an authenticator. Undefined: there is one in use. */
export async function proposeSecondFactor(): Promise<
  { readonly secret: string; readonly uri: string; readonly qr: QrCode } | 'stale' | undefined
> {
  const { name: issuer } = await pageBrand();
  const who = await provedPerson();
  if (who === undefined) return 'stale';
  const proposed = await controlPlane().factors.propose({ ...who, issuer });
  return proposed && { ...proposed, qr: qrCodeOf(proposed.uri) };
}

/** The recovery codes, here and nowhere else. Undefined: not this code. */
export async function confirmSecondFactor(shown: string): Promise<readonly string[] | 'stale' | undefined> {
  const read = code.safeParse(shown);
  const { factors, signInLimiter } = controlPlane();
  const who = await provedPerson();
  if (who === undefined) return 'stale';
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
  const [who, at] = [await provedPerson(), await relyingPartyHere()];
  if (who === undefined) return 'stale';
  if (at === undefined || (await signInLimiter.count(who.userId, Date.now())).isExceeded) return undefined;
  const { name: placeName } = await pageBrand();
  return await passkeys.propose({ ...who, at, placeName });
}

export async function addPasskey(fields: {
  readonly passkeyName: string;
  readonly response: unknown;
}): Promise<boolean> {
  const read = newPasskey.safeParse(fields);
  const [who, at] = [await provedPerson(), await relyingPartyHere()];
  if (!read.success || who === undefined || at === undefined) return false;
  return await controlPlane().passkeys.add({ ...who, ...read.data, at });
}

export async function removePasskey(id: string): Promise<boolean> {
  const { passkeys } = controlPlane();
  const who = await person();
  return await passkeys.remove({ ...who, id: String(id) });
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
