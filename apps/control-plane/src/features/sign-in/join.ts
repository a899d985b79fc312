'use server';

import { z } from 'zod';
import { controlPlane } from '../../server/compose.ts';
import { currentUser } from './signed-in.ts';

const request = z.string().min(1).max(200);

/** Takes the role that an invitation is for, as whoever is signed in. The account, or undefined: not theirs to take. */
export async function join(token: string): Promise<string | undefined> {
  const read = request.safeParse(token);
  const user = await currentUser();
  if (!read.success || user === undefined) return undefined;
  return await controlPlane().setUpLinks.accept({ token: read.data, userId: user.userId });
}
