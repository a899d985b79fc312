import { formatDecimal, minorUnitOf, nano } from '@patchbay/domain/billing/money';
import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print } from '../output.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}

interface Tariff {
  readonly amount: string;
  readonly per: string;
}

/** Nano units as a person reads them: '0.15'. */
const money = (amount: string): string => formatDecimal(nano(BigInt(amount)));

interface Settled {
  readonly carriedIn: string;
  readonly minorUnits: string;
}

/** What is really paid: whole minor units. The platform is asked for nothing and paid nothing. */
const toMoney = (settled: Settled | undefined, currency: string): string =>
  settled === undefined ? '–' : formatDecimal(nano(BigInt(settled.minorUnits) * minorUnitOf(currency)));

interface Priced {
  readonly unit: string;
  readonly currency: string;
  /** Of a price with tiers or an allowance: what was billed at which price. */
  readonly bands?: readonly { readonly quantity: string; readonly amount: string }[] | undefined;
}

function price({ amount, per }: Tariff, { unit, currency, bands = [] }: Priced): string {
  if (per === '0') return `${money(amount)} ${currency} a month`;
  const units = per === '1' ? unit : `${per} ${unit}`;
  if (bands.length === 0) return `${money(amount)} ${currency} per ${units}`;
  const steps = bands.map(
    (band) => `${band.quantity} ${band.amount === '0' ? 'free' : `at ${money(band.amount)}`}`,
  );
  return `${steps.join(', ')} ${currency} per ${units}`;
}

async function list({ account, json = false }: Flags): Promise<void> {
  const found = await connect(account).statements.list();
  const rows = found.items.map(({ period, sellerName, currency, state, margin, charge, payout }) => ({
    period,
    seller: sellerName,
    state,
    margin: money(margin),
    'to pay': toMoney(charge, currency),
    'paid out': toMoney(payout, currency),
    currency,
  }));
  print(found, { json, rows });
}

async function show(period: string | undefined, { account, json = false }: Flags): Promise<void> {
  const found = await connect(account).statements.get({
    period: period ?? new Date().toISOString().slice(0, 7),
  });
  const { currency } = found;
  const lines = found.lines.map(
    ({ service, meter, dimensions, quantity, unit, amountPerUnit, amount, bands }) => ({
      meter: `${service}.${meter}`,
      dimensions: Object.values(dimensions).join(' '),
      quantity: `${quantity} ${unit}`,
      price: price(amountPerUnit, { unit, currency, bands }),
      amount: `${money(amount)} ${currency}`,
    }),
  );
  print(found, { json, rows: lines });
  if (json) return;
  process.stdout.write(`\n${figuresOf(found).join('\n')}\n`);
}

type Found = Awaited<ReturnType<ReturnType<typeof connect>['statements']['get']>>;

/** What an account settles with the platform, and how it comes about. */
function figuresOf(found: Found): string[] {
  const { currency, charge, payout } = found;
  const settled = (name: string, of: Settled | undefined): [string, string][] => {
    if (of === undefined) return [];
    const carried: [string, string][] =
      of.carriedIn === '0' ? [] : [['  carried in', `${money(of.carriedIn)} ${currency}`]];
    return [...carried, [name, `${toMoney(of, currency)} ${currency}`]];
  };
  const others = found.totals.filter((total) => total.currency !== currency);
  const figures: [string, string][] = [
    ['Own use', `${money(found.ownUse)} ${currency}`],
    ['Passed through to children', `${money(found.passedThrough)} ${currency}`],
    ['Margins', `${money(found.margins)} ${currency}`],
    ['Subsidies', `${money(found.subsidies)} ${currency}`],
    ...others.map((total): [string, string] => ['Margins', `${money(total.margin)} ${total.currency}`]),
    ...settled('To be paid', charge),
    ...settled('To be paid out', payout),
  ];
  for (const { side, minorUnits, documentNumber } of found.corrections ?? [])
    figures.push([
      `Came later, ${side === 'charge' ? 'to be paid' : 'to be paid out'}`,
      `${formatDecimal(nano(BigInt(minorUnits) * minorUnitOf(currency)))} ${currency}, in ${documentNumber ?? 'the next document'}`,
    ]);
  const widest = Math.max(...figures.map(([name]) => name.length));
  return figures.map(([name, amount]) => `${name.padEnd(widest)}  ${amount}`);
}

export function addStatementCommand(program: Command): void {
  const statement = program.command('statement').description('what an account owes, and what it earned');
  statement
    .command('list [period]', { isDefault: true })
    .description('all periods; the lines of one, if it is named')
    .option('--account <id>')
    .option('--json')
    .action((period: string | undefined, flags: Flags) =>
      period === undefined ? list(flags) : show(period, flags),
    );
  statement
    .command('show [period]')
    .description('the lines of one month, such as 2026-11; this month by default')
    .option('--account <id>')
    .option('--json')
    .action(show);
}
