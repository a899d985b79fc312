'use server';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { headers } from 'next/headers';
import { z } from 'zod';
import { controlPlane } from '../../server/compose.ts';
import { ADDRESS_HEADER } from '../../server/request-address.ts';
import type { SetUpOutcome } from './set-up.ts';

const { password } = tenancy.resources.enrolment.operations.signUp.request.shape;
const request = z.object({ token: z.string().min(1).max(200), password });

/** Sets the password that a mailed link is for, once. Next refuses a call from another origin (C41). */
export async function reset(fields: z.input<typeof request>): Promise<SetUpOutcome> {
  const read = request.safeParse(fields);
  if (!read.success) return { outcome: 'invalid' };
  const address = (await headers()).get(ADDRESS_HEADER) ?? '';
  const done = await controlPlane().emailLinks.reset({ ...read.data, address });
  return done === undefined ? { outcome: 'used' } : { outcome: 'done', email: done.email };
}
