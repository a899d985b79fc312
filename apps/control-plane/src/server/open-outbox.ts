import { isLoopbackUrl } from '../features/sign-in/env.ts';
import type { ControlPlaneEnv } from './env.ts';

/** A link in a mail is as good as a password: all mails are shown only on a machine that nobody else reaches. */
export const hasOpenOutbox = (env: Pick<ControlPlaneEnv, 'PATCHBAY_URL' | 'SMTP_URL'>): boolean =>
  env.SMTP_URL === undefined && isLoopbackUrl(env.PATCHBAY_URL);
