'use server';

import { controlPlane } from '../../server/compose.ts';
import { currentUser } from './signed-in.ts';

/** Sends the link again that proves the address of whoever is signed in. False: not now. */
export async function sendVerification(): Promise<boolean> {
  const user = await currentUser();
  return user !== undefined && (await controlPlane().emailLinks.sendVerification(user));
}
