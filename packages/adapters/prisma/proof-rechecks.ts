import { challengeNameOf } from '@patchbay/domain/branding/host-name';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { proofRecord } from '@patchbay/domain/sso/address-domain';
import { proofLostMail, proofMissingMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import { isImplausible, type Recheck, recheckOf } from '@patchbay/domain/tenancy/proof-recheck';
import { createId } from '@patchbay/kit/ids';
import { accountChain } from './account-store.ts';
import { appendEntry } from './audit-store.ts';
import { appendEvents } from './event-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { mailToOwners } from './owner-mails.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { atomically } from './unit-of-work.ts';

const PAGE_COUNT = 500;
const LOOKED_UP_AT_ONCE = 10;

interface Proved {
  readonly kind: 'domain' | 'host';
  readonly id: string;
  readonly account_id: string;
  readonly name: string;
  readonly token: string;
  readonly missed_count: number;
  readonly missed_since: Date | null;
}

/** What stands in DNS for one that was proved. */
const recordOf = ({ kind, name, token }: Proved) =>
  kind === 'domain'
    ? proofRecord({ domain: name, challenge: token })
    : { name: challengeNameOf(name), value: token };

const words = {
  domain: { missing: 'sso.domain.missing', lost: 'sso.domain.lost', action: 'ssoDomains.lapse' },
  host: { missing: 'branding.host.missing', lost: 'branding.host.lost', action: 'brandHosts.lapse' },
} as const;

export interface RecheckOptions {
  readonly names: { answerAt(name: string): Promise<readonly string[] | undefined> };
  readonly mails: Mails;
  readonly nowMs: () => number;
}

export interface RecheckRound {
  readonly checkedCount: number;
  readonly missingCount: number;
  readonly lapsedCount: number;
}

/** Looks for the TXT records of all that was proved by one, of every account. @throws where our own look is not to be believed. */
export async function recheckProofs(prisma: PrismaClient, options: RecheckOptions): Promise<RecheckRound> {
  const looked = await lookUp(await provedNames(prisma), options);
  const missing = looked.filter(({ isFound }) => !isFound);
  const newlyMissingCount = missing.filter(({ proved }) => proved.missed_count === 0).length;
  if (isImplausible({ checkedCount: looked.length, newlyMissingCount }))
    throw new Error(
      `${newlyMissingCount} of ${looked.length} proofs are missing at once: nothing was done about any of them.`,
    );
  let lapsedCount = 0;
  for (const { proved, isFound } of looked) {
    // What stands and stood is not written.
    if (isFound && proved.missed_count === 0) continue;
    const missed = { missedCount: proved.missed_count, missedSince: proved.missed_since ?? undefined };
    const outcome = recheckOf(missed, { isFound, nowMs: options.nowMs() });
    await atomically(prisma, () => note(prisma, { proved, outcome }, options));
    if (outcome === 'lapse') lapsedCount += 1;
  }
  return { checkedCount: looked.length, missingCount: missing.length, lapsedCount };
}

async function provedNames(prisma: PrismaClient): Promise<readonly Proved[]> {
  const found: Proved[] = [];
  for (let after = ''; ; after = found.at(-1)?.id ?? '') {
    const page = await prisma.$queryRaw<Proved[]>`
      SELECT kind, id, account_id, name, token, missed_count, missed_since FROM proved_names(${after}, ${PAGE_COUNT}::integer)`;
    found.push(...page);
    if (page.length < PAGE_COUNT) return found;
  }
}

interface Looked {
  readonly proved: Proved;
  readonly isFound: boolean;
}

/** Of those for which somebody answered. A name server that does not says nothing of whose a name is. */
async function lookUp(all: readonly Proved[], { names }: RecheckOptions): Promise<readonly Looked[]> {
  const looked: Looked[] = [];
  const left = all.values();
  const some = async () => {
    for (const proved of left) {
      const { name, value } = recordOf(proved);
      const texts = await names.answerAt(name);
      if (texts !== undefined) looked.push({ proved, isFound: texts.some((text) => text.trim() === value) });
    }
  };
  await Promise.all(Array.from({ length: LOOKED_UP_AT_ONCE }, some));
  return looked;
}

interface Noted {
  readonly proved: Proved;
  readonly outcome: Recheck;
}

/** What became of one, and whoever has to hear of it. */
async function note(
  prisma: PrismaClient,
  { proved, outcome }: Noted,
  { mails, nowMs }: RecheckOptions,
): Promise<void> {
  const { kind, id, account_id: accountId, name } = proved;
  const at = new Date(nowMs());
  const since = proved.missed_since ?? at;
  const data = {
    stands: { missedCount: 0, missedSince: null },
    missed: { missedCount: { increment: 1 }, missedSince: since },
    warn: { missedCount: { increment: 1 }, missedSince: since },
    lapse: { missedCount: 0, missedSince: null, provedAt: null },
  }[outcome];
  const chain = await accountChain(prisma, accountId);
  const isWritten = await inAccount(prisma, accountId, async (transaction) => {
    // What was proved anew, or removed, since it was looked up stays as it is.
    const where = { id, accountId, provedAt: { not: null }, missedCount: proved.missed_count };
    const { count } = await writeTo(transaction, kind, { where, data });
    if (count === 0) return false;
    if (outcome === 'warn' || outcome === 'lapse') {
      const type = outcome === 'warn' ? words[kind].missing : words[kind].lost;
      await appendEvents(transaction, [
        eventOfHandler({ accountId, type, data: { [kind]: name }, atMs: at.getTime() }),
      ]);
    }
    if (outcome === 'lapse')
      await appendEntry(transaction, {
        accountId,
        accountPath: chain.map((one) => one.id),
        actorId: 'platform',
        actorName: 'The platform',
        action: words[kind].action,
        target: id,
        requestId: createId('req'),
        before: { [kind]: name, isProved: true },
        after: { [kind]: name, isProved: false },
      });
    return true;
  });
  if (isWritten && (outcome === 'warn' || outcome === 'lapse'))
    await tellOwners(prisma, { proved, outcome }, mails);
}

interface Written {
  readonly where: object;
  readonly data: object;
}

const writeTo = (
  { ssoDomain, brandHost }: ScopedTransaction,
  kind: Proved['kind'],
  change: Written,
): Promise<{ readonly count: number }> =>
  kind === 'domain' ? ssoDomain.updateMany(change) : brandHost.updateMany(change);

async function tellOwners(prisma: PrismaClient, { proved, outcome }: Noted, mails: Mails): Promise<void> {
  const { account_id: accountId, name: provedName, kind } = proved;
  const path = `/accounts/${accountId}/${kind === 'domain' ? 'single-sign-on' : 'brand'}`;
  const letterOf = outcome === 'warn' ? proofMissingMail : proofLostMail;
  const { name: record } = recordOf(proved);
  await mailToOwners(prisma, mails, {
    accountId,
    letterTo: (name) => letterOf({ name, provedName, record, path }),
  });
}
