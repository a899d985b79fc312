import { deliverMails } from '@patchbay/adapters/mail/delivery';
import { mailOutbox, newestMails } from '@patchbay/adapters/mail/outbox';
import { smtpTransport } from '@patchbay/adapters/mail/smtp';
import type { PrismaClient } from '@patchbay/adapters/prisma/client';
import type { MintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import type { Logger } from 'pino';
import type { ControlPlaneEnv } from './env.ts';
import { rootOf } from './failure-log.ts';
import { mailRouteOf } from './mail-route.ts';

/** The outbox page shows so many of the newest mails. */
const SHOWN_MAIL_COUNT = 50;
/** A mail is written in a transaction: by then it is over. What is not is sent by the regular task. */
const MAIL_AFTER_MS = 200;

export interface MailWorkOptions {
  readonly env: ControlPlaneEnv;
  readonly prisma: PrismaClient;
  readonly cipher: MintBranchCipher;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** How mails leave: by SMTP, into an outbox that this machine alone can read, or not at all. */
export function mailWork({ env, prisma, cipher, nowMs, log }: MailWorkOptions) {
  const route = mailRouteOf(env);
  const isOutboxOpen = route === 'outbox';
  if (route === 'none')
    log.warn('No mail leaves: nobody can prove an address here, or set a lost password again. Set SMTP_URL.');
  const transport =
    env.SMTP_URL === undefined
      ? undefined
      : smtpTransport(env.SMTP_URL, { from: mailFrom(env), neutralFrom: env.SMTP_NEUTRAL_FROM });
  const deliver = () =>
    deliverMails(prisma, {
      cipher,
      transport,
      isShown: isOutboxOpen,
      nowMs,
      onShown: (mail) => log.info(mail, 'A mail lies in the outbox.'),
    });
  let isDeliveryNear = false;
  const mails = mailOutbox(prisma, {
    cipher,
    baseUrl: env.PATCHBAY_URL,
    onQueued: () => {
      if (isDeliveryNear) return;
      isDeliveryNear = true;
      setTimeout(() => {
        isDeliveryNear = false;
        deliver().catch((error: unknown) => log.warn({ error: rootOf(error) }, 'Mails wait to be sent.'));
      }, MAIL_AFTER_MS).unref();
    },
  });
  return {
    route,
    isOutboxOpen,
    deliver,
    mails,
    /** Undefined where others could look as well. */
    outbox: isOutboxOpen ? () => newestMails(prisma, { cipher, countMax: SHOWN_MAIL_COUNT }) : undefined,
  };
}

const mailFrom = (env: ControlPlaneEnv) =>
  env.SMTP_FROM ?? `${PLATFORM_NAME} <no-reply@${new URL(env.PATCHBAY_URL).hostname}>`;
