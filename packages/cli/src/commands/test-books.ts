import { type TestOutcome, testOutcomes } from '@patchbay/domain/test-books/test-payment';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { print } from '../output.ts';
import { Refusal } from '../refusal.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

type Clock = Awaited<ReturnType<ReturnType<typeof connect>['testClocks']['get']>>;

const DAY_MS = 86_400_000;

/** The month that is newest first, as the clock has them; without any, the clock alone. */
function printClock(clock: Clock, { json = false }: Flags): void {
  const { now, aheadMs, state, months } = clock;
  const [newest] = months;
  const rows = [
    {
      now,
      'days ahead': (aheadMs / DAY_MS).toFixed(1),
      state,
      ...(newest === undefined
        ? {}
        : { month: newest.period, 'accounts done': `${newest.doneCount} of ${newest.accountCount}` }),
    },
  ];
  print(clock, { json, rows });
}

/** A date is its first moment in UTC, by which months begin; a time has its offset. */
function clockTime(text: string): string {
  const isTime =
    /^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:?\d{2}))?$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!isTime)
    throw new Refusal(`${text}: give a UTC date such as 2027-02-01, or a time such as 2027-02-01T12:00:00Z.`);
  return new Date(text).toISOString();
}

export function addTestCommand(program: Command): void {
  const test = program
    .command('test')
    .description('the books of tests: their clock, and payments that nobody makes');
  const clock = test.command('clock').description('the time that test accounts are told');
  const add = (name: string, description: string): Command =>
    clock
      .command(name)
      .description(description)
      .option('--account <id>', 'the highest of the test accounts; of a test key, its own')
      .option('--json');
  add('show', 'what time it tells, and how far the closing of months is').action(async (flags: Flags) =>
    printClock(await connect(flags.account).testClocks.get(), flags),
  );
  add('create', 'a clock, at the time that it is').action(async (flags: Flags) =>
    printClock(await connect(flags.account).testClocks.create(), flags),
  );
  add('advance <time>', 'sets it forward, and closes each month that it goes over').action(
    async (time: string, flags: Flags) =>
      printClock(await connect(flags.account).testClocks.advance({ to: clockTime(time) }), flags),
  );
  add('reset', 'begins anew: other test accounts with the same keys, empty books and no clock').action(
    async ({ account, json = false }: Flags) => {
      const reset = await connect(account).testClocks.reset();
      print(reset, { json, rows: [{ account: reset.accountId }] });
    },
  );
  test
    .command('pay <id> <period>')
    .description('has an invoice of a test account paid, by nobody')
    .addOption(new Option('--outcome <what>', 'what becomes of it').choices(testOutcomes).default('paid'))
    .option('--json')
    .action(async (id: string, period: string, { outcome, json = false }: PayFlags) => {
      const paid = await connect(id).testPayments.create({ period, outcome });
      const { state, paidMinorUnits, refundedMinorUnits, disputedMinorUnits } = paid;
      const sums = { paid: paidMinorUnits, 'given back': refundedMinorUnits, disputed: disputedMinorUnits };
      print(paid, { json, rows: [{ invoice: paid.documentId, state, ...sums }] });
    });
}

interface PayFlags {
  readonly outcome: TestOutcome;
  readonly json?: boolean;
}
