import { hooks } from '@patchbay/domain/hooks/definition';
import { isServiceTarget } from '@patchbay/domain/hooks/service-target';
import { heldRoleAllows } from '@patchbay/domain/tenancy/access';
import { type WebhookTrouble, webhookTroubleMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import type { AddressProofOptions } from './address-proof.ts';
import type { PrismaClient } from './generated/client.ts';
import { liveAccountOf } from './live-account.ts';
import { roleOf } from './people-store.ts';
import { inAccount } from './scope.ts';
import { atomically } from './unit-of-work.ts';

/** Written of in one run; the rest waits for the next. */
const WEBHOOK_COUNT_MAX = 500;
/** Of one account, the owners first: a webhook that fails becomes no flood. */
const PEOPLE_COUNT_MAX = 20;
/** Of a team, looked through for those whom it concerns. */
const MEMBER_COUNT_MAX = 1_000;

export interface WebhookMailOptions extends AddressProofOptions {
  readonly mails: Mails;
}

interface DueRow {
  readonly webhook_id: string;
  readonly account_id: string;
  readonly account_name: string;
  readonly url: string;
  /** As `webhookNotices` wrote it. */
  readonly notice: WebhookTrouble;
}

/**
 * Writes to those of its own account who may change a webhook that it fails or was disabled (HKS-2), each in one transaction with
 * its being written of. Nobody above hears of it.
 *
 * @returns of how many webhooks.
 */
export async function mailWebhookTroubles(
  prisma: PrismaClient,
  options: WebhookMailOptions,
): Promise<number> {
  for (let count = 0; count < WEBHOOK_COUNT_MAX; count++)
    if (!(await atomically(prisma, () => mailNext(prisma, options)))) return count;
  return WEBHOOK_COUNT_MAX;
}

async function mailNext(prisma: PrismaClient, options: WebhookMailOptions): Promise<boolean> {
  const [due] = await prisma.$queryRaw<DueRow[]>`
    SELECT webhook_id, account_id, account_name, url, notice FROM webhook_mail_take()`;
  if (due === undefined) return false;
  const { account_id: accountId, account_name: accountName, url, notice: trouble } = due;
  const target = isServiceTarget(url) ? url : new URL(url).host;
  const path = `/accounts/${accountId}/webhooks/${due.webhook_id}`;
  for (const { id: userId, email, name } of await changersOf(prisma, accountId, options)) {
    const letter = webhookTroubleMail({ name, accountName, target, trouble, path });
    await options.mails.send({ accountId, to: email, reader: { userId }, ...letter });
  }
  return true;
}

const { access } = hooks.resources.webhooks.operations.update;
const changing = { owner: 'webhooks', operation: 'update', isRead: false, access } as const;

/** Those with a role in the account itself that may change its webhooks. */
async function changersOf(prisma: PrismaClient, ofAccountId: string, { isProofAsked }: AddressProofOptions) {
  const accountId = await liveAccountOf(prisma, ofAccountId);
  const grants = await inAccount(prisma, accountId, ({ roleGrant }) =>
    roleGrant.findMany({
      where: {
        accountId,
        acceptedAt: { not: null },
        ...(isProofAsked ? { user: { emailVerifiedAt: { not: null } } } : {}),
      },
      select: {
        role: true,
        customRole: { select: { scopes: true } },
        user: { select: { id: true, email: true, name: true } },
      },
      orderBy: { userId: 'asc' },
      take: MEMBER_COUNT_MAX,
    }),
  );
  return grants
    .filter(({ role, customRole }) =>
      heldRoleAllows(
        customRole === null ? { role: roleOf(role) } : { role: 'custom', scopes: customRole.scopes },
        changing,
      ),
    )
    .toSorted((one, other) => Number(other.role === 'owner') - Number(one.role === 'owner'))
    .slice(0, PEOPLE_COUNT_MAX)
    .map(({ user }) => user);
}
