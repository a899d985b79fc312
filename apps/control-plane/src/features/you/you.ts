'use server';

import { headers } from 'next/headers';
import { z } from 'zod';
import { controlPlane } from '../../server/compose.ts';
import { ADDRESS_HEADER } from '../../server/request-address.ts';
import { currentSignIn } from '../sign-in/signed-in.ts';

/** Everything here is done as whoever is signed in. Next refuses a call from another origin (C41). */
async function person() {
  const signedIn = await currentSignIn();
  if (signedIn === undefined) throw new Error('Nobody is signed in.');
  return { ...signedIn, address: (await headers()).get(ADDRESS_HEADER) ?? '' };
}

const code = z.string().trim().min(6).max(40);
const newAddress = z.object({ email: z.email().max(254), password: z.string().min(1).max(200) });

/** A secret for an authenticator. Undefined: there is one in use. */
export async function proposeSecondFactor(): Promise<
  { readonly secret: string; readonly uri: string } | undefined
> {
  return await controlPlane().factors.propose(await person());
}

/** The recovery codes, here and nowhere else. Undefined: not this code. */
export async function confirmSecondFactor(shown: string): Promise<readonly string[] | undefined> {
  const read = code.safeParse(shown);
  const { factors, signInLimiter } = controlPlane();
  const who = await person();
  if (!read.success || signInLimiter.count(who.userId, Date.now()).isExceeded) return undefined;
  return await factors.confirm({ ...who, code: read.data });
}

export async function removeSecondFactor(shown: string): Promise<boolean> {
  const read = code.safeParse(shown);
  const { factors, signInLimiter } = controlPlane();
  const who = await person();
  if (!read.success || signInLimiter.count(who.userId, Date.now()).isExceeded) return false;
  return await factors.remove({ ...who, code: read.data });
}

export async function changeAddress(
  fields: z.input<typeof newAddress>,
): Promise<'sent' | 'refused' | 'too_often'> {
  const read = newAddress.safeParse(fields);
  const { emailLinks, signInLimiter } = controlPlane();
  const who = await person();
  if (!read.success || signInLimiter.count(who.userId, Date.now()).isExceeded) return 'refused';
  const isSent = await emailLinks.changeEmail({ ...who, oldEmail: who.email, ...read.data });
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
