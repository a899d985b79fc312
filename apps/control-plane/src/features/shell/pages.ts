import {
  Activity,
  BellRing,
  Cable,
  ChartColumn,
  CircleHelp,
  Gauge,
  KeyRound,
  type LucideIcon,
  Network,
  ReceiptText,
  ScrollText,
  ShieldCheck,
  Tags,
  Wallet,
  Webhook,
  Workflow,
} from 'lucide-react';
import type { OperationName } from '../as-code/code-example.ts';

export interface Page {
  /** Behind the account in the address; '' is the account's own page. */
  readonly segment: string;
  readonly label: string;
  /** In the bar of a phone, where the label is too long for it. */
  readonly shortLabel?: string;
  readonly icon: LucideIcon;
  /** Pressed after g. */
  readonly shortcut: string;
  /** What somebody has to be allowed, to make anything of it: it is not shown to others. */
  readonly needs?: OperationName;
  /** What it is made of: each has its own address and its own needs. */
  readonly parts?: readonly Part[];
  /** What lies below it is there in every account, such as a month or a service: switching account keeps it. */
  readonly isKeptBelow?: boolean;
}

export interface Part {
  /** Its segment of the address. */
  readonly key: string;
  readonly label: string;
  readonly needs: OperationName;
  /** There is nothing of it where the reader reaches no organisation. */
  readonly isOfOrganisation?: boolean;
}

/** What an account is made of: the parts of one page, each with its own address. */
export const accountParts: readonly Part[] = [
  { key: 'keys', label: 'API keys', needs: 'keys.list' },
  { key: 'credentials', label: 'Credentials', needs: 'credentials.revoke' },
  { key: 'allow-list', label: 'Allow-lists', needs: 'allowList.get' },
  { key: 'applications', label: 'Applications', needs: 'applications.list' },
  { key: 'endpoints', label: 'Endpoints', needs: 'endpoints.list' },
  { key: 'team', label: 'Team', needs: 'team.list' },
  { key: 'organisation', label: 'Organisation', needs: 'organisation.get', isOfOrganisation: true },
  { key: 'brand', label: 'Brand', needs: 'brand.get' },
  { key: 'single-sign-on', label: 'Single sign-on', needs: 'sso.get' },
  { key: 'privacy', label: 'Privacy', needs: 'retention.get' },
  { key: 'settings', label: 'Settings', needs: 'accounts.get' },
];

/** What may be used, and the plans that say so for others. */
export const policyParts: readonly Part[] = [
  { key: 'policy', label: 'Policy', needs: 'policy.get' },
  { key: 'plans', label: 'Plans', needs: 'plans.list' },
];

/** What is seen of money: what months come to, on which documents they stand, and what was paid. */
export const moneyParts: readonly Part[] = [
  { key: 'statements', label: 'Statements', needs: 'statements.list' },
  { key: 'documents', label: 'Documents', needs: 'documents.list' },
  { key: 'payments', label: 'Payments', needs: 'payments.list' },
  { key: 'payouts', label: 'Payouts', needs: 'payouts.get' },
  { key: 'reminders', label: 'Reminders', needs: 'reminders.get' },
  { key: 'comparisons', label: 'Comparisons', needs: 'comparisons.listAccounts' },
  { key: 'ledger', label: 'Ledger', needs: 'ledger.list' },
];

/** The pages of an account, in the order of the rail. */
export const pages: readonly Page[] = [
  { segment: '', label: 'Overview', icon: Gauge, shortcut: 'o' },
  { segment: 'sessions', label: 'Sessions', icon: Activity, shortcut: 's', needs: 'sessions.list' },
  { segment: 'usage', label: 'Usage', icon: ChartColumn, shortcut: 'u', needs: 'usage.query' },
  { segment: 'accounts', label: 'Accounts', icon: Network, shortcut: 'a', needs: 'accounts.list' },
  {
    segment: 'services',
    label: 'Services',
    icon: Cable,
    shortcut: 'v',
    isKeptBelow: true,
    needs: 'services.list',
  },
  { segment: 'patches', label: 'Patches', icon: Workflow, shortcut: 'c', needs: 'flows.list' },
  {
    segment: 'policy',
    label: 'Policy',
    icon: ShieldCheck,
    shortcut: 'r',
    parts: policyParts,
  },
  { segment: 'triggers', label: 'Triggers', icon: BellRing, shortcut: 't', needs: 'triggers.list' },
  {
    segment: 'webhooks',
    label: 'Webhooks',
    shortLabel: 'Hooks',
    icon: Webhook,
    shortcut: 'w',
    needs: 'webhooks.list',
  },
  { segment: 'balance', label: 'Balance', icon: Wallet, shortcut: 'm', needs: 'balances.get' },
  { segment: 'prices', label: 'Prices', icon: Tags, shortcut: 'p', needs: 'prices.list' },
  {
    segment: 'statements',
    label: 'Statements',
    icon: ReceiptText,
    shortcut: 'b',
    isKeptBelow: true,
    parts: moneyParts,
  },
  {
    segment: 'keys',
    label: 'Keys and team',
    shortLabel: 'Keys',
    icon: KeyRound,
    shortcut: 'k',
    parts: accountParts,
  },
  { segment: 'why', label: 'Why', icon: CircleHelp, shortcut: 'y', needs: 'why.list' },
  { segment: 'audit', label: 'Audit log', icon: ScrollText, shortcut: 'l', needs: 'audit.list' },
];

/** Remembers the account that was looked at last, so that the way in leads back to it. */
export const lastAccountCookie = 'patchbay-account';

/** Where a page of an account is. The only place that knows the shape of the dashboard's addresses. */
export const pagePath = (accountId: string, segment = ''): string =>
  segment === '' ? `/accounts/${accountId}` : `/accounts/${accountId}/${segment}`;

/** The segment of the page at an address, without what lies below it. */
export const segmentOf = (pathname: string): string => pathname.split('/')[3] ?? '';

/** What of an address stays when the account in it is switched: the page, and of what lies below it what others have too. */
export function keptOf(pathname: string): string {
  const [segment = '', ...below] = pathname.split('/').slice(3);
  const page = pages.find((one) => one.segment === segment);
  return [segment, ...(page?.isKeptBelow === true ? below : [])].join('/');
}

export const isCurrentPage = ({ segment, parts = [] }: Page, pathname: string): boolean =>
  [segment, ...parts.map(({ key }) => key)].includes(segmentOf(pathname));

/** Where the page is that says why something was refused: a request, a session, a credential's username. */
export const whyPath = (accountId: string, subject: string): string =>
  `${pagePath(accountId, 'why')}?of=${encodeURIComponent(subject)}`;
