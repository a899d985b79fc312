import { minorUnitOf } from '@patchbay/domain/billing/money';
import type { Outputs } from '../../trpc/client.ts';
import { hasFailed, type Session } from '../sessions/session.ts';

type Account = Outputs['accounts']['list']['items'][number];
type Key = Outputs['keys']['list']['items'][number];
type Webhook = Outputs['webhooks']['list']['items'][number];
type Statement = Outputs['statements']['get'];

export interface Notice {
  readonly key: string;
  readonly tone: 'wait' | 'fail' | 'money';
  readonly text: string;
  /** The page of the account that shows it. */
  readonly segment: string;
}

export interface Facts {
  readonly accounts: readonly Account[];
  readonly keys: readonly Key[];
  readonly webhooks: readonly Pick<Webhook, 'id' | 'url' | 'health' | 'state' | 'disabledReason'>[];
  readonly recentSessions: readonly Session[];
  readonly statement: Statement | undefined;
  /** The newest usage that was kept and not counted. */
  readonly refused: readonly { readonly at: string }[];
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;
const KEY_WARNING_MS = 7 * DAY_MS;

/** What somebody who is responsible would want to know before anything else. */
export const noticesOf = (facts: Facts): readonly Notice[] => [
  ...ledgerNotice(facts),
  ...refusedNotice(facts),
  ...failureNotice(facts),
  ...webhookNotices(facts),
  ...keyNotices(facts),
  ...suspensionNotice(facts),
  ...subsidyNotice(facts),
];

function ledgerNotice({ statement }: Facts): readonly Notice[] {
  if (statement === undefined || agreesWithLedger(statement)) return [];
  const text = 'This month’s statement and the ledger disagree.';
  return [{ key: 'ledger', tone: 'fail', segment: `statements/${statement.period}`, text }];
}

function refusedNotice({ refused, nowMs }: Facts): readonly Notice[] {
  const recent = refused.filter(({ at }) => nowMs - Date.parse(at) < DAY_MS);
  if (recent.length === 0) return [];
  const text = `${counted(recent.length, 'report')} of usage ${recent.length === 1 ? 'was' : 'were'} refused in the last 24 hours, and on no statement.`;
  return [{ key: 'refused', tone: 'fail', segment: 'usage', text }];
}

function failureNotice({ recentSessions, nowMs }: Facts): readonly Notice[] {
  const failed = recentSessions.filter(
    (session) => hasFailed(session) && nowMs - Date.parse(session.startedAt) < DAY_MS,
  );
  if (failed.length === 0) return [];
  const text = `${counted(failed.length, 'session')} failed in the last 24 hours.`;
  return [{ key: 'failed', tone: 'fail', segment: 'sessions', text }];
}

/** What the platform gave up is to be mended; what the account disabled itself, it knows. */
function webhookNotices({ webhooks }: Facts): readonly Notice[] {
  return webhooks.flatMap(({ id, url, health, disabledReason }): readonly Notice[] => {
    const { host } = new URL(url);
    const notice = { key: id, segment: `webhooks/${id}` };
    if (disabledReason !== undefined)
      return [{ ...notice, tone: 'fail', text: `The webhook at ${host} was disabled: it takes nothing.` }];
    if (health === 'ok') return [];
    const text =
      health === 'failing'
        ? `The webhook at ${host} takes nothing at the moment.`
        : `The webhook at ${host} takes nothing: its fallback does.`;
    return [{ ...notice, tone: 'wait', text }];
  });
}

function keyNotices({ keys, nowMs }: Facts): readonly Notice[] {
  return keys.flatMap(({ id, name, expiresAt, revokedAt }): readonly Notice[] => {
    if (revokedAt !== undefined || expiresAt === undefined) return [];
    const leftMs = Date.parse(expiresAt) - nowMs;
    if (leftMs > KEY_WARNING_MS) return [];
    return leftMs <= 0
      ? [{ key: id, tone: 'fail', segment: 'keys', text: `The key “${name}” has expired.` }]
      : [{ key: id, tone: 'wait', segment: 'keys', text: `The key “${name}” expires within a week.` }];
  });
}

function suspensionNotice({ accounts }: Facts): readonly Notice[] {
  const suspended = accounts.filter(({ state }) => state === 'suspended');
  if (suspended.length === 0) return [];
  const text = `${namesOf(suspended)} ${suspended.length === 1 ? 'is' : 'are'} suspended.`;
  return [{ key: 'suspended', tone: 'wait', segment: 'accounts', text }];
}

/** Below a thousandth of what it costs, a loss is what cutting each line to nano units leaves over, and no price. */
const CUT_PER = 1_000n;

export const isSubsidised = ({ margin, cost }: { readonly margin: string; readonly cost: string }): boolean =>
  BigInt(margin) < 0n && -BigInt(margin) * CUT_PER >= BigInt(cost);

function subsidyNotice({ statement }: Facts): readonly Notice[] {
  const subsidised = (statement?.children ?? []).filter(isSubsidised);
  if (subsidised.length === 0) return [];
  const text = `You subsidise ${namesOf(subsidised)}: the price is below what you pay.`;
  return [{ key: 'subsidy', tone: 'money', segment: 'prices', text }];
}

export const agreesWithLedger = (statement: Statement): boolean => {
  const { payable, totals, ledger, currency, state, corrections = [] } = statement;
  const nonZero = (list: Statement['ledger']['totals']) =>
    list
      .filter(({ receivable }) => receivable !== '0')
      .map(({ currency, receivable }) => `${currency} ${receivable}`)
      .sort()
      .join();
  if (ledger.isBehind) return true;
  // While a month goes on nothing is asked yet, and nothing paid out.
  const units = (settled: Statement['charge']) =>
    settled === undefined || state === 'open' ? 0n : BigInt(settled.minorUnits) * minorUnitOf(currency);
  // What came after a month was closed is in the ledger, and in the statement it is a correction.
  const later = (side: 'charge' | 'payout') =>
    corrections
      .filter((correction) => correction.side === side)
      .reduce((sum, { minorUnits }) => sum + BigInt(minorUnits) * minorUnitOf(currency), 0n);
  const isSettled =
    BigInt(ledger.charged) === units(statement.charge) + later('charge') &&
    BigInt(ledger.paidOut) === units(statement.payout) + later('payout');
  if (corrections.length > 0) return isSettled;
  return isSettled && ledger.payable === payable && nonZero(totals) === nonZero(ledger.totals);
};

const NAMES_MAX = 3;

function namesOf(named: readonly { readonly name: string }[]): string {
  const shown = named.slice(0, NAMES_MAX).map(({ name }) => name);
  const rest = named.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
