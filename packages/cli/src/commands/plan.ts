import { policyNames } from '@patchbay/domain/policy/settings';
import type { Plan } from '@patchbay/sdk-node';
import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';
import { valuesOf } from './policy.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

interface SetFlags extends Flags {
  readonly set: readonly string[];
  readonly unset: readonly string[];
  readonly name?: string;
}

const PLAN_COUNT_MAX = 1_000;

const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);

const rowOf = ({ id, name, policy, accountCount }: Plan): Row => ({
  id,
  name,
  accounts: accountCount,
  sets: Object.keys(policy).join(', '),
});

/** One line for each thing that it says. */
const rowsOf = ({ policy }: Plan): Row[] =>
  Object.entries(policy).map(([setting, value]) => ({ setting, value: textOf(value) }));

const collect = (value: string, before: readonly string[]) => [...before, value];
const setFlag = [
  '--set <setting=value>',
  'such as concurrentSessionsMax=100; once for each',
  collect,
  [],
] as const;

/** A plan as it is, with some of its settings said anew and some no more. */
export function changedPolicy(
  before: Plan['policy'],
  { set, unset }: Pick<SetFlags, 'set' | 'unset'>,
): Plan['policy'] {
  const unknown = unset.filter((name) => !Object.hasOwn(before, name));
  if (unknown.length > 0) {
    const known = policyNames.some((name) => unknown.includes(name))
      ? 'does not set'
      : 'has no setting called';
    throw new Refusal(`The plan ${known} ${unknown.join(', ')}.`);
  }
  const kept = Object.entries(before).filter(([name]) => !unset.includes(name));
  return { ...Object.fromEntries(kept), ...valuesOf(set) };
}

export function addPlanCommand(program: Command): void {
  const plan = program
    .command('plan')
    .description('policies with a name, for the accounts below')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  npx patchbay plan create Basic --set concurrentSessionsMax=10 --set regions=eu',
        '  npx patchbay plan change pln_… --set concurrentSessionsMax=20 --unset regions',
        '  npx patchbay plan assign pln_… acc_…',
      ].join('\n'),
    );
  const add = (usage: string, description: string) =>
    plan.command(usage).description(description).option('--json');
  const addOwn = (usage: string, description: string) => add(usage, description).option('--account <id>');
  const printOne = (found: Plan, { json = false }: Flags) => print(found, { json, rows: [rowOf(found)] });
  addOwn('list', 'the plans that an account gives to those below it').action(
    async ({ account, json = false }: Flags) => {
      const items = await readList(connect(account).plans.list(), PLAN_COUNT_MAX);
      print(items, { json, rows: items.map(rowOf) });
    },
  );
  addOwn('show <id>', 'what a plan says').action(async (planId: string, { account, json = false }: Flags) => {
    const found = await connect(account).plans.get({ planId });
    print(found, { json, rows: rowsOf(found) });
  });
  addOwn('create <name>', 'a new plan')
    .option(...setFlag)
    .action(async (name: string, { account, set, ...flags }: SetFlags) =>
      printOne(await connect(account).plans.create({ name, policy: valuesOf(set) }), flags),
    );
  addOwn('change <id>', 'at once for every account that has it; what is not named stays')
    .option('--name <name>')
    .option(...setFlag)
    .option('--unset <setting>', 'what it says no more; once for each', collect, [])
    .action(async (planId: string, { account, name, set, unset, ...flags }: SetFlags) => {
      const { plans } = connect(account);
      const before = await plans.get({ planId });
      const policy = changedPolicy(before.policy, { set, unset });
      // Somebody may change it meanwhile: then it is refused, and theirs is not lost.
      printOne(
        await plans.update({ planId, name: name ?? before.name, policy }, { unlessChanged: before }),
        flags,
      );
    });
  addOwn('remove <id>', 'removes a plan that no account has').action(
    async (planId: string, { account, json = false }: Flags) => {
      const removed = await connect(account).plans.remove({ planId });
      print(removed, { json, rows: [{ id: removed.id, state: 'removed' }] });
    },
  );
  add('assign <id> <account>', 'gives an account below a plan, in place of the one of the same owner').action(
    async (planId: string, account: string, { json = false }: Flags) => {
      const assigned = await connect(account).plans.assign({ planId });
      print(assigned, { json, rows: [{ account, plan: assigned.planId, name: assigned.name }] });
    },
  );
  add('unassign <account>', 'takes the plan that you gave an account')
    .option('--from <account>', 'the plan of an account above that you may speak for')
    .action(async (account: string, { json = false, from }: Flags & { readonly from?: string }) => {
      const assigned = await connect(account).plans.assign(from === undefined ? {} : { from });
      print(assigned, { json, rows: [{ account, plan: 'none' }] });
    });
}
