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
  Webhook,
} from 'lucide-react';

export interface Page {
  /** Behind the account in the address; '' is the account's own page. */
  readonly segment: string;
  readonly label: string;
  /** In the bar of a phone, where the label is too long for it. */
  readonly shortLabel?: string;
  readonly icon: LucideIcon;
  /** Pressed after g. */
  readonly shortcut: string;
  /** Further segments that belong to it. */
  readonly alsoAt?: readonly string[];
  /** What lies below it is there in every account, such as a month or a service: switching account keeps it. */
  readonly isKeptBelow?: boolean;
}

/** What an account is made of: the parts of one page, each with its own address. */
export const accountParts = [
  { key: 'keys', label: 'API keys' },
  { key: 'credentials', label: 'Credentials' },
  { key: 'allow-list', label: 'Allow-lists' },
  { key: 'applications', label: 'Applications' },
  { key: 'endpoints', label: 'Endpoints' },
  { key: 'team', label: 'Team' },
  { key: 'organisation', label: 'Organisation' },
  { key: 'brand', label: 'Brand' },
  { key: 'privacy', label: 'Privacy' },
  { key: 'settings', label: 'Settings' },
] as const;

/** What may be used, and the plans that say so for others. */
export const policyParts = [
  { key: 'policy', label: 'Policy' },
  { key: 'plans', label: 'Plans' },
] as const;

/** The pages of an account, in the order of the rail. */
export const pages: readonly Page[] = [
  { segment: '', label: 'Overview', icon: Gauge, shortcut: 'o' },
  { segment: 'sessions', label: 'Sessions', icon: Activity, shortcut: 's' },
  { segment: 'usage', label: 'Usage', icon: ChartColumn, shortcut: 'u' },
  { segment: 'accounts', label: 'Accounts', icon: Network, shortcut: 'a' },
  { segment: 'services', label: 'Services', icon: Cable, shortcut: 'v', isKeptBelow: true },
  {
    segment: 'policy',
    label: 'Policy',
    icon: ShieldCheck,
    shortcut: 'r',
    alsoAt: policyParts.map(({ key }) => key),
  },
  { segment: 'triggers', label: 'Triggers', icon: BellRing, shortcut: 't' },
  { segment: 'webhooks', label: 'Webhooks', shortLabel: 'Hooks', icon: Webhook, shortcut: 'w' },
  { segment: 'prices', label: 'Prices', icon: Tags, shortcut: 'p' },
  { segment: 'statements', label: 'Statements', icon: ReceiptText, shortcut: 'b', isKeptBelow: true },
  {
    segment: 'keys',
    label: 'Keys and team',
    shortLabel: 'Keys',
    icon: KeyRound,
    shortcut: 'k',
    alsoAt: accountParts.map(({ key }) => key),
  },
  { segment: 'why', label: 'Why', icon: CircleHelp, shortcut: 'y' },
  { segment: 'audit', label: 'Audit log', icon: ScrollText, shortcut: 'l' },
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

export const isCurrentPage = ({ segment, alsoAt = [] }: Page, pathname: string): boolean =>
  [segment, ...alsoAt].includes(segmentOf(pathname));

/** Where the page is that says why something was refused: a request, a session, a credential's username. */
export const whyPath = (accountId: string, subject: string): string =>
  `${pagePath(accountId, 'why')}?of=${encodeURIComponent(subject)}`;
