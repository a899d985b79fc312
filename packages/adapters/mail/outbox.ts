import { type BrandInEffect, originAt, shownBrandOf } from '@patchbay/domain/branding/brand';
import { written } from '@patchbay/domain/tenancy/mails';
import type { MailReader, Mails } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { z } from 'zod';
import { shownBrands } from '../prisma/brand-store.ts';
import type { PrismaClient } from '../prisma/generated/client.ts';
import type { MintBranchCipher } from '../prisma/mint-branch-cipher.ts';
import { inAccount } from '../prisma/scope.ts';
import { findPlatform } from '../prisma/seed.ts';

const body = z.object({
  text: z.string(),
  html: z.string(),
  /** Absent: the platform. Without an address, that of whoever hands the platform's mails over. */
  sender: z.object({ name: z.string(), address: z.string().optional() }).optional(),
});

export type MailSender = NonNullable<z.output<typeof body>['sender']>;

/** A mail as the outbox of a machine shows it that only its owner reaches. */
export interface ShownMail {
  readonly id: string;
  readonly recipient: string;
  readonly subject: string;
  /** Absent once it was sent. */
  readonly text: string | undefined;
  /** Absent: the platform. */
  readonly sender: MailSender | undefined;
  readonly createdAt: Date;
}

const nameOf = (mailId: string) => `mail ${mailId}`;

export function openBody(
  cipher: MintBranchCipher,
  mailId: string,
  sealed: Uint8Array,
): z.output<typeof body> {
  return body.parse(JSON.parse(Buffer.from(cipher.open(nameOf(mailId), sealed)).toString('utf8')));
}

export interface OutboxOptions {
  readonly cipher: MintBranchCipher;
  /** How the dashboard is reached, for the links of mails whose brand has no host of its own. */
  readonly baseUrl: string;
  /** A mail was written, in a transaction that may not be over yet. */
  readonly onQueued?: () => void;
}

/** Keeps mails in the transaction of their cause: what did not happen is not told. */
export function mailOutbox(prisma: PrismaClient, { cipher, baseUrl, onQueued }: OutboxOptions): Mails {
  const brands = shownBrands(prisma);
  const brandFor = async (reader: MailReader) => {
    if ('userId' in reader) return await brands.ofUser(reader.userId);
    if ('accountId' in reader) return await brands.above(reader.accountId);
    return (await brands.of(reader.customerOf)) ?? (await brands.above(reader.customerOf));
  };
  return {
    async send({ accountId = '', to, reader, ...letter }) {
      // By who reads it, and never by where it was asked for: no request names the host that a link leads to (C13).
      const brand = await brandFor(reader);
      const { subject, ...content } = written(letter, {
        brand: shownBrandOf(brand),
        baseUrl: originAt(baseUrl, brand?.host),
      });
      const sender = accountId === '' ? await findPlatform(prisma) : accountId;
      if (sender === undefined) throw new Error('There is no platform account to write for.');
      const id = createId('mail');
      const sealed = cipher.seal(
        nameOf(id),
        Buffer.from(JSON.stringify({ ...content, sender: senderOf(brand) })),
      );
      await inAccount(
        prisma,
        sender,
        // Whoever reads it knows at once that no money and no customer is meant (PRD-1).
        (transaction) => transaction.$executeRaw`
          INSERT INTO mail (id, account_id, recipient, subject, body)
          SELECT ${id}, a.id, ${to}, CASE WHEN a.is_test THEN '[Test] ' ELSE '' END || ${subject}, ${sealed}
          FROM account a WHERE a.id = ${sender}`,
      );
      onQueued?.();
    },
  };
}

/** The newest mails of all accounts. For nobody but the owner of a machine that nobody else reaches. */
export async function newestMails(
  prisma: PrismaClient,
  { cipher, countMax }: { readonly cipher: MintBranchCipher; readonly countMax: number },
): Promise<readonly ShownMail[]> {
  const rows = await prisma.$queryRaw<
    { id: string; recipient: string; subject: string; body: Uint8Array | null; created_at: Date }[]
  >`SELECT id, recipient, subject, body, created_at FROM mail_newest(${countMax}::integer)`;
  return rows.map(({ id, recipient, subject, body: sealed, created_at: createdAt }) => {
    const { text, sender } = sealed === null ? {} : openBody(cipher, id, sealed);
    return { id, recipient, subject, text, sender, createdAt };
  });
}

const senderOf = (brand: BrandInEffect | undefined): MailSender | undefined =>
  brand && (brand.sender ?? { name: brand.name });
