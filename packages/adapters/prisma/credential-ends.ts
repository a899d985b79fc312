import type { InternalRequest } from '@patchbay/domain/fleet/internal-api';
import type { PrismaClient } from './generated/client.ts';

/** Credentials that an event of their account ends (ACC-7): see `credential_end` in the migrations. */
export interface CredentialEnds {
  /** Looks for the events from now on, and answers whether one of them has ended it already. */
  watch(credential: InternalRequest<'watchEnds'>): Promise<boolean>;
  /** The levels of credentials that have ended since the last call of any process: each is told once. */
  due(): Promise<readonly string[]>;
}

export function credentialEnds(prisma: PrismaClient): CredentialEnds {
  return {
    async watch({ accountId, keyId, notBeforeMs, expiresAtMs, ends }) {
      const since = notBeforeMs === undefined ? null : new Date(notBeforeMs);
      const until = new Date(expiresAtMs);
      let hasEnded = false;
      // Each of them, also behind one that has ended: siblings of a level below go on by their own.
      for (const { prefixId, event, subject = '' } of ends) {
        const [row] = await prisma.$queryRaw<{ has_ended: boolean }[]>`
          SELECT credential_end_watch(${accountId}, ${keyId}, ${prefixId}, ${event}, ${subject}, ${since}, ${until})
            AS has_ended`;
        hasEnded ||= row?.has_ended === true;
      }
      return hasEnded;
    },

    async due() {
      const rows = await prisma.$queryRaw<
        { prefix_id: string }[]
      >`SELECT prefix_id FROM credential_ends_due()`;
      return rows.map(({ prefix_id }) => prefix_id);
    },
  };
}
