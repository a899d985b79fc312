import { minorUnitOf } from '@patchbay/domain/billing/money';
import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { amountIn, minorText, moneyText } from '../money-text.ts';
import { print } from '../output.ts';
import { Refusal } from '../refusal.ts';

interface Flags {
  readonly json?: boolean;
}

async function show(id: string | undefined, { json = false }: Flags): Promise<void> {
  const found = await connect(id).balances.get();
  const { currency, balance, held, available, overdraft, isPrepaid } = found;
  const money = (amount: string) => moneyText(amount, currency);
  const rows = [
    {
      pays: isPrepaid ? 'before it uses' : 'after the month',
      left: money(balance),
      held: money(held),
      'for new sessions': isPrepaid ? money(available) : 'no bound',
      'below zero by': money(overdraft),
    },
  ];
  print(found, { json, rows });
}

async function topUp(id: string, amount: string, { json = false }: Flags): Promise<void> {
  const { balances } = connect(id);
  const { currency } = await balances.get();
  const unit = minorUnitOf(currency);
  const nanoUnits = amountIn(currency, amount);
  if (nanoUnits % unit !== 0n)
    throw new Refusal(`${moneyText(nanoUnits, currency)} is finer than money that is paid.`);
  const asked = await balances.topUp({ minorUnits: (nanoUnits / unit).toString() });
  print(asked, {
    json,
    rows: [{ id: asked.id, amount: moneyText(nanoUnits, currency), state: asked.state }],
  });
  if (!json)
    process.stdout.write('\nIt is in the balance once it was paid: patchbay balance top-ups says where.\n');
}

async function topUps(id: string | undefined, { json = false }: Flags): Promise<void> {
  const { balances } = connect(id);
  const { currency } = await balances.get();
  const found = [];
  for await (const each of balances.listTopUps()) found.push(each);
  const rows = found.map(({ askedAt, minorUnits, state, payUrl = '', failure = '' }) => ({
    'asked for': askedAt,
    amount: minorText(minorUnits, currency),
    state: failure === '' ? state : failure,
    pay: state === 'open' ? payUrl : '',
  }));
  print({ items: found }, { json, rows });
}

interface GiveFlags extends Flags {
  readonly reason: string;
  readonly service?: string;
  readonly expires?: string;
}

async function give(id: string, amount: string, flags: GiveFlags): Promise<void> {
  const { reason, service, expires, json = false } = flags;
  const { balances, credits } = connect(id);
  const { currency } = await balances.get();
  const given = await credits.give({
    amount: amountIn(currency, amount).toString(),
    reason,
    ...(service === undefined ? {} : { services: [service] }),
    ...(expires === undefined ? {} : { expiresAt: new Date(expires).toISOString() }),
  });
  print(given, {
    json,
    rows: [
      {
        id: given.id,
        amount: moneyText(given.amount, currency),
        left: moneyText(given.left, currency),
        until: given.expiresAt ?? 'it is used',
      },
    ],
  });
}

export function addBalanceCommand(program: Command): void {
  const balance = program.command('balance').description('what an account has prepaid');
  balance
    .command('show [id]')
    .description('what is left, and what sessions hold')
    .option('--json')
    .action(show);
  balance
    .command('top-up <id> <amount>')
    .description('asks to pay money in, such as 50')
    .option('--json')
    .action(topUp);
  balance
    .command('top-ups [id]')
    .description('what was paid in, or is to be, and where it is paid')
    .option('--json')
    .action(topUps);
  balance
    .command('give <id> <amount>')
    .description('gives an account below a credit, whose use you bear')
    .requiredOption('--reason <text>', 'the account reads it')
    .option('--service <name>', 'for this service alone')
    .option('--expires <time>', 'such as 2027-01-01')
    .option('--json')
    .action(give);
}
