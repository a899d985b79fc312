'use server';

import { ssoPath } from '@patchbay/domain/sso/sso-answer';
import { headers } from 'next/headers';
import { z } from 'zod';
import { controlPlane } from '../../server/compose.ts';
import { ADDRESS_HEADER } from '../../server/request-address.ts';

const request = z.email().max(254);

/**
 * Where whoever has this address signs in with their organisation. Only the domain is looked at: whether there is such a
 * person, nobody learns (C13).
 */
export async function organisationSignIn(email: string): Promise<string | 'none' | 'too_many'> {
  const read = request.safeParse(email);
  const { sso, signInLimiter } = controlPlane();
  const address = (await headers()).get(ADDRESS_HEADER) ?? '';
  if ((await signInLimiter.count(address, Date.now())).isExceeded) return 'too_many';
  const organisationId = read.success ? await sso.organisationOf(read.data) : undefined;
  if (organisationId === undefined) return 'none';
  return `${ssoPath(organisationId, 'start')}?${new URLSearchParams({ email: read.data ?? '' })}`;
}
