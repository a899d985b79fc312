import { type LimitAction, type LimitSpan, limitSpans } from '@patchbay/domain/spending/spending-limit';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { amountIn, moneyText } from '../money-text.ts';
import { print, type Row } from '../output.ts';

type Found = Awaited<ReturnType<ReturnType<typeof connect>['spendingLimits']['get']>>;

const rowsOf = ({ items, currency }: Found): Row[] =>
  items.map(({ per, amount, spent, action, isFromAbove, setById, isReached, forecastAt = '' }) => ({
    per,
    limit: moneyText(amount, currency),
    spent: moneyText(spent, currency),
    'at the limit': isReached ? `${action} (reached)` : action,
    'reached about': forecastAt,
    'set by': isFromAbove ? (setById ?? 'an account above') : 'this account',
  }));

interface SetFlags {
  readonly per: LimitSpan;
  readonly amount: string;
  readonly stop?: true;
  readonly throttle?: string;
  readonly from?: string;
  readonly json?: boolean;
}

const actionOf = ({ stop, throttle }: SetFlags): LimitAction =>
  stop === true ? 'stop' : throttle === undefined ? 'notify' : 'throttle';

async function set(id: string, flags: SetFlags): Promise<void> {
  const { per, amount, throttle, from, json = false } = flags;
  const { spendingLimits } = connect(id);
  const { currency } = await spendingLimits.get();
  const limit = {
    per,
    amount: amountIn(currency, amount).toString(),
    action: actionOf(flags),
    ...(throttle === undefined ? {} : { bitsPerSecondMax: Number(throttle) }),
  };
  await spendingLimits.set({ limits: [limit], ...(from === undefined ? {} : { from }) });
  const found = await spendingLimits.get();
  print(found, { json, rows: rowsOf(found) });
}

const whose = 'for an account between you and this one, in place of your own';

export function addLimitCommand(program: Command): void {
  const limit = program.command('limit').description('what an account and all below it may spend');
  limit
    .command('show [id]')
    .description('the limits that hold, and what was spent')
    .option('--json')
    .action(async (id: string | undefined, { json = false }: { readonly json?: boolean }) => {
      const found = await connect(id).spendingLimits.get();
      print(found, { json, rows: rowsOf(found) });
    });
  limit
    .command('set <id>')
    .description('sets one limit, in place of those that you have set')
    .addOption(
      new Option('--per <span>', 'a UTC day, a UTC month, or in all').choices(limitSpans).default('month'),
    )
    .requiredOption('--amount <amount>', 'such as 100 or "12.50 EUR"')
    .option('--stop', 'nothing begins at the limit, and what runs ends; without, it is told and nothing more')
    .option('--throttle <bit/s>', 'what each allocation is held to at the limit')
    .option('--from <id>', whose)
    .option('--json')
    .action(set);
  limit
    .command('clear <id>')
    .description('takes back the limits that you have set')
    .option('--from <id>', whose)
    .action(async (id: string, { from }: { readonly from?: string }) => {
      const { spendingLimits } = connect(id);
      await spendingLimits.set({ limits: [], ...(from === undefined ? {} : { from }) });
      const found = await spendingLimits.get();
      print(found, { json: false, rows: rowsOf(found) });
    });
}
