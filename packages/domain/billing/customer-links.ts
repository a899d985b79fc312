import { parseCsv } from '@patchbay/kit/csv';

/** Of one file: each customer is looked up at the rail. */
export const LINK_COUNT_MAX = 1_000;
const COLUMNS = ['account', 'customer'] as const;
const ACCOUNT_LENGTH_MAX = 200;
const CUSTOMER = /^cus_\w{1,120}$/;
/** Customers that are looked up at one time. */
const ASKED_AT_ONCE = 8;

/** A line of a file that links an account to a customer that is there already. */
interface LinkLine {
  /** From 1, the head counted. */
  readonly line: number;
  /** The id of an account, or what another system calls it. */
  readonly account: string;
  readonly customerId: string;
}

export interface LinkProblem {
  readonly line: number;
  readonly detail: string;
}

export interface CustomerLink {
  readonly accountId: string;
  readonly customerId: string;
}

export interface CheckedLinks {
  readonly links: readonly CustomerLink[];
  /** Linked so already. */
  readonly unchangedCount: number;
  readonly problems: readonly LinkProblem[];
}

export interface NamedLink extends CustomerLink {
  readonly name: string;
}

/** Which account is known to whatever collects as which customer. It sees one account and what lies below it. */
export interface CustomerBook {
  /** By what was asked: the accounts that have that id or are called so by another system. */
  accountsOf(accountId: string, asked: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Those of these accounts and customers that are linked. */
  linksOf(
    accountId: string,
    of: { readonly accountIds: readonly string[]; readonly customerIds: readonly string[] },
  ): Promise<readonly CustomerLink[]>;
  /** All of them, or none: false where one was linked otherwise meanwhile. */
  link(accountId: string, links: readonly CustomerLink[]): Promise<boolean>;
  list(
    accountId: string,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly NamedLink[]; readonly nextCursor?: string }>;
}

export interface LinkPorts {
  readonly customers: CustomerBook;
  /** The customer as the rail has it; undefined: it has none of that id. */
  readonly readCustomer: (customerId: string) => Promise<{ readonly accountId?: string } | undefined>;
}

/** Reads a file of links and says of each line what is wrong with it. Nothing is changed. */
export async function checkLinks(
  accountId: string,
  csv: string,
  { customers, readCustomer }: LinkPorts,
): Promise<CheckedLinks> {
  const { lines, problems } = readLines(csv);
  if (problems.length > 0) return { links: [], unchangedCount: 0, problems };
  const accounts = await customers.accountsOf(accountId, [...new Set(lines.map(({ account }) => account))]);
  const of = lines.map((line) => ({ ...line, found: accounts.get(line.account) ?? [] }));
  const known = await customers.linksOf(accountId, {
    accountIds: of.flatMap(({ found }) => found),
    customerIds: of.map(({ customerId }) => customerId),
  });
  const byAccount = new Map(known.map((link) => [link.accountId, link.customerId]));
  const byCustomer = new Map(known.map((link) => [link.customerId, link.accountId]));
  const [seenAccounts, seenCustomers] = [new Map<string, number>(), new Map<string, number>()];
  const links: CustomerLink[] = [];
  let unchangedCount = 0;
  const wrong = new Map<number, string>();
  const toAsk: { readonly line: number; readonly link: CustomerLink }[] = [];
  for (const { line, account, customerId, found } of of) {
    const id = found.length === 1 ? found[0] : undefined;
    const twice = seenCustomers.get(customerId) ?? (id === undefined ? undefined : seenAccounts.get(id));
    seenCustomers.set(customerId, line);
    if (id !== undefined) seenAccounts.set(id, line);
    const linkedTo = id === undefined ? undefined : byAccount.get(id);
    const taken = byCustomer.get(customerId);
    if (found.length > 1) wrong.set(line, `Several accounts are called ${account}: name one by its id.`);
    else if (id === undefined) wrong.set(line, `There is no account ${account} here.`);
    else if (twice !== undefined) wrong.set(line, `Line ${twice} has this account or customer already.`);
    else if (linkedTo === customerId) unchangedCount++;
    else if (linkedTo !== undefined) wrong.set(line, `${account} is linked to another customer already.`);
    else if (taken !== undefined) wrong.set(line, `${customerId} is the customer of another account.`);
    else toAsk.push({ line, link: { accountId: id, customerId } });
  }
  await inBatches(toAsk, async ({ line, link }) => {
    const customer = await readCustomer(link.customerId);
    if (customer === undefined) wrong.set(line, `Stripe has no customer ${link.customerId}.`);
    else if (customer.accountId !== undefined && customer.accountId !== link.accountId)
      wrong.set(line, `${link.customerId} is the customer of another account.`);
    else links.push(link);
  });
  const found = [...wrong].map(([line, detail]) => ({ line, detail }));
  return { links, unchangedCount, problems: found.sort((one, other) => one.line - other.line) };
}

async function inBatches<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += ASKED_AT_ONCE)
    await Promise.all(items.slice(start, start + ASKED_AT_ONCE).map(work));
}

function readLines(csv: string): {
  readonly lines: readonly LinkLine[];
  readonly problems: readonly LinkProblem[];
} {
  const rows = parseCsv(csv, { rowsMax: LINK_COUNT_MAX + 1 });
  if (rows === undefined)
    return { lines: [], problems: [{ line: 1, detail: `It is no CSV of at most ${LINK_COUNT_MAX} lines.` }] };
  const [head = [], ...body] = rows;
  const places = COLUMNS.map((column) => head.findIndex((name) => name.trim().toLowerCase() === column));
  if (places.includes(-1))
    return {
      lines: [],
      problems: [{ line: 1, detail: `The first line names the columns ${COLUMNS.join(', ')}.` }],
    };
  const lines = body.map((fields, index): LinkLine => {
    const [account = '', customerId = ''] = places.map((place) => (fields[place] ?? '').trim());
    return { line: index + 2, account, customerId };
  });
  const problems = lines.flatMap(({ line, account, customerId }): LinkProblem[] => {
    if (account === '' || account.length > ACCOUNT_LENGTH_MAX || account.includes('\0'))
      return [{ line, detail: 'It names no account.' }];
    if (!CUSTOMER.test(customerId)) return [{ line, detail: 'A customer is called cus_… at Stripe.' }];
    return [];
  });
  return { lines, problems };
}
