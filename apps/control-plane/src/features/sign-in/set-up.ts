'use server';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { z } from 'zod';
import { controlPlane } from '../../server/compose.ts';
import { rootOf } from '../../server/failure-log.ts';

const { email, name, password } = tenancy.resources.enrolment.operations.signUp.request.shape;
const request = z.object({
  token: z.string().min(1).max(200),
  password,
  email: email.optional(),
  name: name.optional(),
});

export type SetUpOutcome =
  | { readonly outcome: 'done'; readonly email: string }
  | { readonly outcome: 'email_taken' | 'used' | 'invalid' };

/** Sets the password that a link is for, once. Next refuses a call from another origin (C41). */
export async function setUp(fields: z.input<typeof request>): Promise<SetUpOutcome> {
  const read = request.safeParse(fields);
  if (!read.success) return { outcome: 'invalid' };
  const { setUpLinks, emailLinks, log } = controlPlane();
  const done = await setUpLinks.use(read.data);
  if (done === 'email_taken') return { outcome: 'email_taken' };
  if (done === undefined) return { outcome: 'used' };
  // The link came from whoever invites, and says nothing about the address.
  if (!done.isEmailVerified)
    await emailLinks
      .sendVerification(done)
      .catch((error: unknown) => log.error({ error: rootOf(error) }, 'A link was not sent.'));
  return { outcome: 'done', email: done.email };
}
