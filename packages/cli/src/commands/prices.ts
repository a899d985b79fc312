import { readFile } from 'node:fs/promises';
import { formatDecimal, nano } from '@patchbay/domain/billing/money';
import { exactPrice, perLabel, termsText, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import type { MeterUnit } from '@patchbay/kit/definition';
import { meterCatalogue } from '@patchbay/services/meters.generated';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { print } from '../output.ts';
import { Refusal } from '../refusal.ts';

/** Pages that one command asks for: 20,000 accounts below. What is left out is said. */
const PAGE_COUNT_MAX = 200;
const PAGE_SIZE = 100;

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}

interface SimulateFlags extends Flags {
  readonly child?: string;
  readonly period?: string;
  readonly belowCost?: true;
}

const money = (amount: string): string => formatDecimal(nano(BigInt(amount)));
const changed = (before: string, after: string): string =>
  before === after ? money(after) : `${money(before)} → ${money(after)}`;

/** The month before the one that is running: the last that is whole. */
function lastMonth(nowMs: number): string {
  const now = new Date(nowMs);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1)).toISOString().slice(0, 7);
}

type Services = Parameters<ReturnType<typeof connect>['prices']['simulate']>[0]['services'];

async function pricesFrom(path: string): Promise<{ readonly currency: string; readonly services: Services }> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as { currency: string; services: Services };
  } catch (cause) {
    throw new Refusal(`${path} is no file of prices: ${cause instanceof Error ? cause.message : cause}`);
  }
}

async function simulate(path: string, flags: SimulateFlags): Promise<void> {
  const { account, child, period = lastMonth(Date.now()), belowCost = false, json = false } = flags;
  const { prices } = connect(account);
  const { currency, services } = await pricesFrom(path);
  const asked = {
    currency,
    services,
    period,
    limit: PAGE_SIZE,
    ...(child === undefined ? {} : { childId: child }),
  } as const;
  const first = await prices.simulate(asked);
  const items = [...first.items];
  let cursor = first.nextCursor;
  for (let page = 1; cursor !== undefined && page < PAGE_COUNT_MAX; page++) {
    const next = await prices.simulate({ ...asked, cursor });
    items.push(...next.items);
    cursor = next.nextCursor;
  }
  if (cursor !== undefined) process.stderr.write(`There are more than ${items.length} accounts below.\n`);
  const shown = belowCost ? items.filter(({ isBelowCost }) => isBelowCost) : items;
  const rows = shown.map(({ buyerName, sellerName, before, after, isBelowCost, ...edge }) => ({
    account: buyerName,
    'pays to': sellerName,
    pays: changed(before.amount, after.amount),
    margin: changed(before.margin, after.margin),
    currency: edge.currency,
    '': isBelowCost ? 'below cost' : '',
  }));
  print({ ...first, items: shown, nextCursor: cursor }, { json, rows });
  const { own } = first;
  if (json || own === undefined) return;
  const sums = `You keep ${changed(own.before.margin, own.after.margin)} ${currency} of ${period}`;
  process.stdout.write(`\n${sums}; ${own.belowCostCount} children below cost. Nothing was set.\n`);
}

type Explained = Awaited<ReturnType<ReturnType<typeof connect>['prices']['explain']>>['items'][number];
type Level = Explained['levels'][number];

const units: ReadonlyMap<string, { readonly unit: MeterUnit }> = new Map(Object.entries(meterCatalogue));
const origins: Readonly<Record<Level['origin'], string>> = {
  child: 'for this account',
  default: 'for all below',
  inherited: 'as the seller pays',
};

/** What one buyer pays: per unit, what the month says besides, and where it is rounded to be read, as it was set. */
function priceOf(level: Level, unit: MeterUnit): string {
  const price = `${writeHumanPrice(level, unit)} ${perLabel(level, unit)}`;
  return [price, exactPrice(level, unit), termsText(level, unit)]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
}

async function explain(service: string | undefined, { account, json = false }: Flags): Promise<void> {
  const connected = connect(account);
  const found = await connected.prices.explain();
  const items = found.items.filter((item) => service === undefined || item.service === service);
  const { currency } = await connected.accounts.get();
  // From the account up: each level is who sold to the one before.
  const rows = items.flatMap(({ levels, where, ...item }) => {
    const meter = `${item.service}.${item.meter}`;
    const filter = Object.entries(where).map(([name, value]) => `${name} ${value}`);
    return levels.map((level, index) => ({
      'what is used': index === 0 ? [meter, ...filter].join(', ') : '',
      'who pays': level.buyerName,
      whom: level.sellerName,
      [currency]: priceOf(level, units.get(meter)?.unit ?? 'count'),
      set: origins[level.origin],
    }));
  });
  print({ ...found, items }, { json, rows });
}

export function addPricesCommand(program: Command): void {
  const prices = program
    .command('prices')
    .description('who pays whom, and what accounts below would pay by other prices');
  prices
    .command('explain [service]')
    .description('what is paid for each meter at each level, from the account up to where you may see')
    .option('--account <id>')
    .option('--json')
    .action(explain);
  prices
    .command('simulate <file>')
    .description(
      'reckon the real use of a month by the prices in a file: {"currency": "EUR", "services": {"network-discovery": {"bytes": {…}}}}',
    )
    .option('--child <id>', 'prices for this child alone; for all children by default')
    .addOption(new Option('--period <month>', 'such as 2026-11; the last whole month by default'))
    .option('--below-cost', 'only accounts that would pay less than their use costs')
    .option('--account <id>')
    .option('--json')
    .action(simulate);
}
