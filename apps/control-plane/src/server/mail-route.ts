import { isLoopbackUrl } from '../features/sign-in/env.ts';
import type { ControlPlaneEnv } from './env.ts';

/**
 * How mails leave. `outbox`: they are shown, on a machine that nobody else reaches, for a link in a mail is as good as a
 * password. `none`: a host that others reach, and from which no mail goes.
 */
export type MailRoute = 'smtp' | 'outbox' | 'none';

export function mailRouteOf({
  PATCHBAY_URL,
  SMTP_URL,
}: Pick<ControlPlaneEnv, 'PATCHBAY_URL' | 'SMTP_URL'>): MailRoute {
  if (SMTP_URL !== undefined) return 'smtp';
  return isLoopbackUrl(PATCHBAY_URL) ? 'outbox' : 'none';
}
