import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print } from '../output.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}

export function addStatementCommand(program: Command): void {
  const statement = program.command('statement').description('what an account owes, and what it earned');
  statement
    .command('list', { isDefault: true })
    .description('all periods')
    .option('--account <id>')
    .option('--json')
    .action(async ({ account, json = false }: Flags) => {
      const found = await connect(account).statements.list();
      const rows = found.items.map(
        ({ period, sellerName, currency, state, payable, receivable, margin }) => ({
          period,
          seller: sellerName,
          currency,
          state,
          payable,
          receivable,
          margin,
        }),
      );
      print(found, { json, rows });
    });
  statement
    .command('show [period]')
    .description('the lines of one month, such as 2026-11; this month by default')
    .option('--account <id>')
    .option('--json')
    .action(async (period: string | undefined, { account, json = false }: Flags) => {
      const found = await connect(account).statements.get({
        period: period ?? new Date().toISOString().slice(0, 7),
      });
      const lines = found.lines.map(
        ({ service, meter, dimensions, quantity, unit, amountPerUnit, amount }) => ({
          meter: `${service}.${meter}`,
          dimensions: Object.values(dimensions).join(' '),
          quantity: `${quantity} ${unit}`,
          price: `${amountPerUnit.amount} / ${amountPerUnit.per}`,
          amount: `${amount} ${found.currency}`,
        }),
      );
      print(found, { json, rows: lines });
      if (!json)
        process.stdout.write(`\nPayable ${found.payable}  Margin ${found.margin}  ${found.currency}\n`);
    });
}
