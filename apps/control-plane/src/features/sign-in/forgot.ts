'use server';

import { headers } from 'next/headers';
import { z } from 'zod';
import { controlPlane } from '../../server/compose.ts';
import { rootOf } from '../../server/failure-log.ts';
import { ADDRESS_HEADER } from '../../server/request-address.ts';

const request = z.email().max(254);

/** Answers the same, and as soon, whoever is asked for: the mail is written after the answer (C13). */
export async function forgot(email: string): Promise<void> {
  const read = request.safeParse(email);
  const { emailLinks, resetLimiter, log } = controlPlane();
  const address = (await headers()).get(ADDRESS_HEADER) ?? '';
  if (!read.success || (await resetLimiter.count(address, Date.now())).isExceeded) return;
  emailLinks
    .requestReset(read.data)
    .catch((error: unknown) => log.error({ error: rootOf(error) }, 'A link to set a password was not sent.'));
}
