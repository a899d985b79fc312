import type { Job } from '@patchbay/adapters/postgres/job-runs';
import { expireErasures, workOnErasures } from '@patchbay/adapters/privacy/erasure-writer';
import { expireExports } from '@patchbay/adapters/privacy/export-store';
import { type ExportNotices, makeExports } from '@patchbay/adapters/privacy/export-writer';
import type { MergedServices } from '@patchbay/adapters/privacy/words-above';
import { failedExportMail } from '@patchbay/domain/tenancy/mails';
import type { TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { isId } from '@patchbay/kit/ids';
import type { Pool } from 'pg';

/** Somebody looks at the page and waits. */
export const PRIVACY_ASK_MS = 3_000;

interface Ports {
  readonly pool: Pool;
  readonly nowMs: () => number;
  readonly isStopped: () => boolean;
  readonly notices: ExportNotices;
  readonly services: MergedServices;
}

/** What accounts asked for and is too long for a request (C23). */
export function privacyJobs({ pool, nowMs, isStopped, notices, services }: Ports): readonly Job[] {
  return [
    {
      name: 'exports',
      everyMs: 0,
      run: async () => {
        const expired = await expireExports(pool, nowMs());
        return `${await makeExports(pool, { nowMs, isStopped, notices, services })} made, ${expired} expired`;
      },
    },
    {
      name: 'erasures',
      everyMs: 0,
      run: async () => {
        const expired = await expireErasures(pool, nowMs());
        return `${await workOnErasures(pool, { nowMs, isStopped })} worked on, ${expired} not confirmed in time`;
      },
    },
  ];
}

interface Telling {
  readonly mails: TenancyPorts['mails'] & { readonly isAvailable: boolean };
  readonly people: Pick<TenancyPorts['people'], 'profileOf'>;
  readonly accounts: Pick<TenancyPorts['accounts'], 'find'>;
}

/** Whoever asked for it by a key hears of it by the event alone. */
export const tellOfFailedExport =
  ({ mails, people, accounts }: Telling): ExportNotices['tell'] =>
  async ({ accountId, requestedBy }) => {
    if (!mails.isAvailable || !isId('usr', requestedBy)) return;
    const asked = await people.profileOf(requestedBy);
    if (asked === undefined) return;
    const accountName = (await accounts.find({ accountId }))?.name ?? accountId;
    const letter = failedExportMail({
      name: asked.name,
      accountName,
      path: `/accounts/${accountId}/privacy`,
    });
    await mails.send({ accountId, to: asked.email, reader: { userId: requestedBy }, ...letter });
  };
