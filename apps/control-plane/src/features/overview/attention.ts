import type { Outputs } from '../../trpc/client.ts';
import { hasFailed, type Session } from '../sessions/session.ts';

type Account = Outputs['accounts']['list']['items'][number];
type Key = Outputs['keys']['list']['items'][number];
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
  readonly recentSessions: readonly Session[];
  readonly statement: Statement | undefined;
  readonly nowMs: number;
}

const KEY_WARNING_MS = 7 * 86_400_000;

/** What somebody who is responsible would want to know before anything else. */
export function noticesOf({ accounts, keys, recentSessions, statement, nowMs }: Facts): readonly Notice[] {
  const notices: Notice[] = [];
  const add = (key: string, tone: Notice['tone'], segment: string, text: string) =>
    notices.push({ key, tone, segment, text });

  if (statement !== undefined && !agreesWithLedger(statement)) {
    add(
      'ledger',
      'fail',
      `statements/${statement.period}`,
      'This month’s statement and the ledger disagree.',
    );
  }
  const failed = recentSessions.filter(hasFailed).length;
  if (failed > 0) add('failed', 'fail', 'sessions', `${counted(failed, 'recent session')} failed.`);
  for (const { id, name, expiresAt } of keys.filter(({ revokedAt }) => revokedAt === undefined)) {
    if (expiresAt === undefined || Date.parse(expiresAt) - nowMs > KEY_WARNING_MS) continue;
    const isOver = Date.parse(expiresAt) <= nowMs;
    add(
      id,
      isOver ? 'fail' : 'wait',
      'keys',
      `The key “${name}” ${isOver ? 'has expired' : 'expires within a week'}.`,
    );
  }
  const suspended = accounts.filter(({ state }) => state === 'suspended');
  if (suspended.length > 0) {
    add(
      'suspended',
      'wait',
      'accounts',
      `${namesOf(suspended)} ${suspended.length === 1 ? 'is' : 'are'} suspended.`,
    );
  }
  const subsidised = (statement?.children ?? []).filter(({ margin }) => BigInt(margin) < 0n);
  if (subsidised.length > 0) {
    add(
      'subsidy',
      'money',
      'prices',
      `You subsidise ${namesOf(subsidised)}: the price is below what you pay.`,
    );
  }
  return notices;
}

export const agreesWithLedger = ({ payable, receivable, ledger }: Statement): boolean =>
  ledger.payable === payable && ledger.receivable === receivable;

const NAMES_MAX = 3;

function namesOf(named: readonly { readonly name: string }[]): string {
  const shown = named.slice(0, NAMES_MAX).map(({ name }) => name);
  const rest = named.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
