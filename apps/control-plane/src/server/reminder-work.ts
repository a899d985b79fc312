import type { ReminderRounds } from '@patchbay/adapters/billing/reminder-book';
import type { Job } from '@patchbay/adapters/postgres/job-runs';
import type { BillingPerson } from '@patchbay/adapters/prisma/billing-people';
import type { BillingStore } from '@patchbay/domain/billing/billing-store';
import { formatDecimal, minorUnitOf, nano } from '@patchbay/domain/billing/money';
import { pricesPaidBy } from '@patchbay/domain/billing/price-list';
import { type AskedInvoice, type DueReminder, dueReminder } from '@patchbay/domain/billing/reminders';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { PolicyWord } from '@patchbay/domain/policy/policy-level';
import { reminderMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';

const MINUTE_MS = 60_000;
/** Invoices that are read at once. */
const PAGE_INVOICES = 500;

export interface ReminderPorts {
  readonly rounds: ReminderRounds;
  readonly billing: Pick<BillingStore, 'chainPrices'>;
  readonly catalogue: MeterCatalogue;
  readonly serviceNames: readonly string[];
  /** All or nothing. */
  readonly atomically: <T>(work: () => Promise<T>) => Promise<T>;
  readonly emit: (accountId: string, type: string, data: object) => Promise<void>;
  readonly publish: (message: BusMessage) => Promise<void>;
  readonly mails: Mails;
  /** Undefined: nothing can be mailed, and events say it alone. */
  readonly peopleOf: ((accountId: string) => Promise<readonly BillingPerson[]>) | undefined;
  readonly nameOf: (accountId: string) => Promise<string>;
  readonly isStopped: () => boolean;
  readonly nowMs: () => number;
}

/**
 * Reminds of invoices that are not paid, and says who is overdue. A reminder, its mail, its event and what follows on it are
 * one transaction under a key of its own: so each is sent once, whatever is killed in between.
 */
export function reminderJob(ports: ReminderPorts): Job {
  const { rounds, isStopped, nowMs } = ports;
  return {
    name: 'billing-remind',
    everyMs: MINUTE_MS,
    run: async () => {
      const settled = await rounds.settled();
      // What is wrong with one is that one's alone: it is tried again with the next round, and told once all are done.
      const faults: unknown[] = [];
      const holding = async (work: () => Promise<boolean>): Promise<boolean> => {
        try {
          return await work();
        } catch (cause) {
          faults.push(cause);
          return false;
        }
      };
      for (const { accountId, documentId } of settled)
        await holding(() => release(accountId, documentId, ports));
      let sentCount = 0;
      for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
        const invoices = await rounds.asked({ after, limit: PAGE_INVOICES });
        for (const invoice of invoices) {
          if (isStopped()) return `${sentCount} reminders were sent`;
          const reminder = dueReminder(invoice.terms, { ...invoice, nowMs: nowMs() });
          if (reminder !== undefined && (await holding(() => remind(invoice, reminder, ports)))) sentCount++;
        }
        after = invoices.length < PAGE_INVOICES ? undefined : invoices.at(-1)?.documentId;
      }
      if (faults.length > 0) throw faults[0];
      return `${sentCount} reminders were sent, ${settled.length} overdue invoices are settled`;
    },
  };
}

async function remind(invoice: AskedInvoice, reminder: DueReminder, ports: ReminderPorts): Promise<boolean> {
  const { rounds, emit, publish, atomically } = ports;
  const { accountId, documentId, number, terms } = invoice;
  const sent = await atomically(async () => {
    if (!(await rounds.note(invoice, reminder))) return undefined;
    await write(invoice, reminder, ports);
    await emit(accountId, 'billing.reminded', { documentId, number, ...reminder });
    if (!reminder.isLast) return { isHeld: false };
    const { lastAction: action } = terms;
    const word = action === 'refuse' ? await refusedServices(accountId, ports) : undefined;
    const { isNew, isSuspended } = await rounds.markOverdue(invoice, {
      action,
      ...(word === undefined ? {} : { word }),
    });
    if (isNew) await emit(accountId, 'billing.overdue', { documentId, number, action });
    if (isSuspended)
      await emit(accountId, 'tenancy.account.state-changed', { accountId, state: 'suspended' });
    return { isHeld: isNew && action !== 'mark' };
  });
  // Told when it is committed: nodes ask what may go on, and are to hear of it.
  if (sent?.isHeld === true) await publish({ type: 'account.changed', accountId });
  return sent !== undefined;
}

async function release(accountId: string, documentId: string, ports: ReminderPorts): Promise<boolean> {
  const { rounds, emit, publish, atomically } = ports;
  await atomically(async () => {
    const { isReleased, isActiveAgain } = await rounds.release({ accountId, documentId });
    if (isReleased) await emit(accountId, 'billing.overdue-ended', { documentId });
    if (isActiveAgain) await emit(accountId, 'tenancy.account.state-changed', { accountId, state: 'active' });
  });
  await publish({ type: 'account.changed', accountId });
  return true;
}

/** All services but those that the account pays a fee a month for. */
async function refusedServices(
  accountId: string,
  { billing, serviceNames, catalogue, nowMs }: ReminderPorts,
): Promise<PolicyWord | undefined> {
  const atMs = nowMs();
  const prices = pricesPaidBy(accountId, await billing.chainPrices(accountId, atMs), { catalogue, atMs });
  const fees = new Set(
    prices.filter(({ price }) => price.tariff.kind === 'fee').map(({ price }) => price.service),
  );
  if (fees.size === 0) return undefined;
  const services = serviceNames.filter((name) => !fees.has(name));
  return { values: { services }, locked: [], overridable: {} };
}

async function write(invoice: AskedInvoice, reminder: DueReminder, ports: ReminderPorts): Promise<void> {
  const { mails, peopleOf, nameOf } = ports;
  if (peopleOf === undefined) return;
  const { accountId, documentId, number, sellerName, currency, leftMinorUnits, dueAtMs, email, terms } =
    invoice;
  const accountName = await nameOf(accountId);
  const people = await peopleOf(accountId);
  // Whoever said where its invoices go has no need to sign in here.
  const readers = new Map([
    ...(email === undefined ? [] : [[email.toLowerCase(), accountName] as const]),
    ...people.map((person) => [person.email.toLowerCase(), person.name] as const),
  ]);
  for (const [to, name] of readers)
    await mails.send({
      ...{ accountId, to, reader: { accountId } },
      ...reminderMail({
        ...{ name, accountName, sellerName, number, offsetDays: reminder.offsetDays },
        amount: `${formatDecimal(nano(leftMinorUnits * minorUnitOf(currency)))} ${currency}`,
        dueOn: new Date(dueAtMs).toISOString().slice(0, 10),
        follows: reminder.isLast ? terms.lastAction : undefined,
        path: `/accounts/${accountId}/documents/${documentId}`,
      }),
    });
}
