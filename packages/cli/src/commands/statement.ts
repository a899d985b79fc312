import { formatDecimal, nano } from '@patchbay/domain/billing/money';
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

function price({ amount, per }: Tariff, { unit, currency }: { unit: string; currency: string }): string {
  if (per === '0') return `${money(amount)} ${currency} a month`;
  return `${money(amount)} ${currency} per ${per === '1' ? unit : `${per} ${unit}`}`;
}

async function list({ account, json = false }: Flags): Promise<void> {
  const found = await connect(account).statements.list();
  const rows = found.items.map(({ period, sellerName, currency, state, payable, receivable, margin }) => ({
    period,
    seller: sellerName,
    state,
    payable: money(payable),
    receivable: money(receivable),
    margin: money(margin),
    currency,
  }));
  print(found, { json, rows });
}

async function show(period: string | undefined, { account, json = false }: Flags): Promise<void> {
  const found = await connect(account).statements.get({
    period: period ?? new Date().toISOString().slice(0, 7),
  });
  const { currency } = found;
  const lines = found.lines.map(({ service, meter, dimensions, quantity, unit, amountPerUnit, amount }) => ({
    meter: `${service}.${meter}`,
    dimensions: Object.values(dimensions).join(' '),
    quantity: `${quantity} ${unit}`,
    price: price(amountPerUnit, { unit, currency }),
    amount: `${money(amount)} ${currency}`,
  }));
  print(found, { json, rows: lines });
  if (json) return;
  const totals = found.totals.map((total) => `Margin ${money(total.margin)} ${total.currency}`);
  const carried = found.carriedIn === '0' ? [] : [`Carried in ${money(found.carriedIn)} ${currency}`];
  const figures = [`Payable ${money(found.payable)} ${currency}`, ...carried, ...totals];
  process.stdout.write(`\n${figures.join('  ')}\n`);
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
