import type { PrismaClient } from '../prisma/generated/client.ts';
import type { MintBranchCipher } from '../prisma/mint-branch-cipher.ts';
import { type MailSender, openBody } from './outbox.ts';

/** At once, and so many at most in one round. */
const ROUND_COUNT_MAX = 50;
export const ATTEMPTS_MAX = 8;
const FIRST_RETRY_MS = 60_000;

export interface OutgoingMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Absent: the platform. */
  readonly sender?: MailSender | undefined;
}

/** Takes a mail, or throws: then it is tried again. */
export type MailTransport = (mail: OutgoingMail) => Promise<void>;

export interface DeliveryOptions {
  readonly cipher: MintBranchCipher;
  /** Absent: mails wait to be looked at in the outbox. */
  readonly transport: MailTransport | undefined;
  /** Whether somebody can look at the outbox: else a mail without a transport failed. */
  readonly isShown: boolean;
  readonly nowMs: () => number;
  readonly onShown?: (mail: { readonly id: string; readonly subject: string }) => void;
}

interface Taken {
  readonly id: string;
  readonly recipient: string;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly attempt_count: number;
}

interface Outcome {
  readonly state: 'sent' | 'shown' | 'waiting' | 'failed';
  readonly error?: string;
  readonly retryAt?: Date;
}

/** Sends what is due, and says how much. Two at once take different mails; one that is tried too often is given up. */
export async function deliverMails(prisma: PrismaClient, options: DeliveryOptions): Promise<number> {
  const taken = await prisma.$queryRaw<Taken[]>`
    SELECT id, recipient, subject, body, attempt_count FROM mail_take(${ROUND_COUNT_MAX}::integer)`;
  for (const mail of taken) {
    const { state, error, retryAt } = await outcomeOf(mail, options);
    await prisma.$executeRaw`SELECT mail_settle(${mail.id}, ${state}, ${error ?? null}, ${retryAt ?? null})`;
  }
  return taken.length;
}

async function outcomeOf(mail: Taken, options: DeliveryOptions): Promise<Outcome> {
  const { cipher, transport, isShown, nowMs, onShown } = options;
  const { id, recipient, subject, attempt_count: attemptCount } = mail;
  if (transport === undefined) {
    onShown?.({ id, subject });
    return isShown ? { state: 'shown' } : { state: 'failed', error: 'SMTP_URL is not set.' };
  }
  try {
    await transport({ to: recipient, subject, ...openBody(cipher, id, mail.body) });
    return { state: 'sent' };
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    if (attemptCount >= ATTEMPTS_MAX) return { state: 'failed', error };
    const retryAt = new Date(nowMs() + FIRST_RETRY_MS * 2 ** (attemptCount - 1));
    return { state: 'waiting', error, retryAt };
  }
}
