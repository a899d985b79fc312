import type { Trigger } from '@patchbay/sdk-node';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { given } from '../given.ts';
import { print, type Row, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';
import { positiveInteger } from './positive-integer.ts';
import {
  type ActionFlags,
  actionOf,
  addActionFlags,
  type CreateFlags,
  conditionOf,
  counterOf,
  filterOf,
  flagOfActionIn,
  isTargetIn,
  type TargetFlags,
  targetOf,
  type WindowFlags,
} from './trigger-flags.ts';

const LIST_COUNT_MAX = 1_000;

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}

function windowText(condition: Trigger['condition']): string {
  if (condition.kind === 'recurring') return `a ${condition.per}`;
  return condition.kind === 'rate' ? `in ${condition.seconds} s` : 'in all';
}

const rowOf = ({ id, name, counter, condition, action, value, hasFired, isEnabled }: Trigger): Row => ({
  id,
  name,
  counts: 'meter' in counter ? counter.meter : 'event' in counter ? counter.event : counter.measure,
  value,
  limit: `${condition.limit} ${windowText(condition)}`,
  action: action.kind,
  state: isEnabled ? (hasFired ? 'fired' : 'counting') : 'off',
});

async function createTrigger(name: string, flags: CreateFlags): Promise<void> {
  const created = await connect(flags.account).triggers.create({
    name,
    counter: counterOf(flags),
    condition: conditionOf(flags),
    action: actionOf(flags),
    target: targetOf(flags),
    isShown: flags.show === true,
    ...given({ force: flags.force }),
  });
  printWritten(created, flags);
}

interface ChangeFlags extends Flags, Omit<ActionFlags, 'action'>, WindowFlags, TargetFlags {
  readonly name?: string;
  readonly limit?: number;
  readonly inAll?: true;
  readonly action?: ActionFlags['action'];
  readonly show?: true;
  readonly hide?: true;
}

async function changeTrigger(triggerId: string, flags: ChangeFlags): Promise<void> {
  const { account, name, limit, action, show, hide, force } = flags;
  if (show === true && hide === true) throw new Refusal('Give --show or --hide, not both.');
  const ofAction = action === undefined ? flagOfActionIn(flags) : undefined;
  if (ofAction !== undefined)
    throw new Refusal(`--${ofAction} says more of an action: give --action as well.`);
  const { per, seconds, inAll } = flags;
  const client = connect(account);
  const isOtherWindow = (per ?? seconds ?? inAll) !== undefined;
  // In another window it keeps the limit that it has.
  const held = async () => limit ?? (await client.triggers.get({ triggerId })).condition.limit;
  const changed = await client.triggers.update({
    triggerId,
    ...given({
      name,
      limit: isOtherWindow ? undefined : limit,
      condition: isOtherWindow ? conditionOf({ ...given({ per, seconds }), limit: await held() }) : undefined,
      target: isTargetIn(flags) ? targetOf(flags) : undefined,
      action: action === undefined ? undefined : actionOf({ ...flags, action }),
      isShown: show ?? (hide === true ? false : undefined),
      force,
    }),
  });
  printWritten(changed, flags);
}

/** With the secret of a callback that came to be: in this answer and nowhere else. */
function printWritten(written: Trigger & { readonly secret?: string }, { json = false }: Flags): void {
  print(written, { json, rows: [{ ...rowOf(written), ...given({ secret: written.secret }) }] });
}

const examples = [
  '',
  'Examples:',
  '  npx patchbay trigger create Allowance --meter network-discovery.bytes --limit 1000000000 --per month',
  '  npx patchbay trigger change trg_… --limit 2000000000 --action email --to ada@example.com',
  '  npx patchbay trigger change trg_… --per day --for acc_…',
  '  npx patchbay trigger change trg_… --action callback --url https://example.com/hooks',
].join('\n');

export function addTriggerCommand(program: Command): void {
  const trigger = program
    .command('trigger')
    .description('counters with a limit, and what is done when it is reached')
    .addHelpText('after', examples);
  trigger
    .command('list')
    .description('the triggers of this account, with what they counted')
    .option('--account <id>')
    .option('--json')
    .action(async ({ account, json = false }: Flags) => {
      const items = await readList(connect(account).triggers.list(), LIST_COUNT_MAX);
      print(items, { json, rows: items.map(rowOf) });
    });
  trigger
    .command('show <id>')
    .description('one trigger, with what it counted')
    .option('--account <id>')
    .option('--json')
    .action(async (triggerId: string, { account, json = false }: Flags) => {
      const found = await connect(account).triggers.get({ triggerId });
      print(found, { json, rows: [rowOf(found)] });
    });
  const create = trigger
    .command('create <name>')
    .description('for this account or anything below it')
    .option('--account <id>', 'who sets it')
    .option('--meter <name>', 'such as network-discovery.bytes')
    .option('--event <type>', 'such as signaling.session.ended')
    .option('--measure <name>', 'for operators: of the platform itself, such as deliveries.delaySeconds')
    .option(
      '--where <filter>',
      'dimensions of the use, or fields of the event: direction:in,region:eu',
      filterOf,
    )
    .requiredOption('--limit <count>', 'at which it fires, in the unit of the meter', positiveInteger)
    .addOption(new Option('--per <period>', 'once in each').choices(['hour', 'day', 'month']))
    .option('--seconds <count>', 'once in each span of so many', positiveInteger)
    .option('--for <account>', 'an account below, instead of this one')
    .option('--application <id>')
    .option('--endpoint <id>', 'such as user:bob')
    .option('--credential <id>')
    .option('--session <id>')
    .option('--own', 'without what is below the account')
    .option('--show', 'let the account that it is about see it')
    .option('--json')
    .action(createTrigger);
  addActionFlags(create, 'notify');
  const change = trigger
    .command('change <id>')
    .description('with a new limit or action it may fire again; with another window or target it begins anew')
    .option('--account <id>')
    .option('--name <name>')
    .option('--limit <count>', 'at which it fires, in the unit of the meter', positiveInteger)
    .addOption(new Option('--per <period>', 'once in each').choices(['hour', 'day', 'month']))
    .option('--seconds <count>', 'once in each span of so many', positiveInteger)
    .addOption(new Option('--in-all', 'once').conflicts(['per', 'seconds']))
    .option('--for <account>', 'an account below, instead of this one')
    .option('--application <id>')
    .option('--endpoint <id>', 'such as user:bob')
    .option('--credential <id>')
    .option('--session <id>')
    .option('--own', 'without what is below the account')
    .option('--show', 'let the account that it is about see it')
    .option('--hide', 'let it not')
    .option('--json')
    .action(changeTrigger);
  addActionFlags(change);
  trigger
    .command('reset <id>')
    .description('begin the counter anew, and lift what it holds')
    .option('--account <id>')
    .option('--json')
    .action(async (triggerId: string, { account, json = false }: Flags) => {
      const changed = await connect(account).triggers.reset({ triggerId });
      print(changed, { json, rows: [rowOf(changed)] });
    });
  trigger
    .command('remove <id>')
    .description('remove a trigger, and lift what it holds')
    .option('--account <id>')
    .option('--json')
    .action(async (triggerId: string, { account, json = false }: Flags) => {
      const removed = await connect(account).triggers.remove({ triggerId });
      print(removed, { json, rows: [{ id: removed.id, state: 'removed' }] });
    });
  for (const isOn of [true, false]) {
    trigger
      .command(`${isOn ? 'enable' : 'disable'} <id>`)
      .description(isOn ? 'count again, from now on' : 'count nothing for now')
      .option('--account <id>')
      .option('--json')
      .action(async (triggerId: string, { account, json = false }: Flags) => {
        const changed = await connect(account).triggers.update({ triggerId, isEnabled: isOn });
        print(changed, { json, rows: [rowOf(changed)] });
      });
  }
  trigger
    .command('firings [id]')
    .description('when triggers fired, the newest first, and what came of it')
    .option('--account <id>')
    .option('--limit <count>', 'at most so many', positiveInteger, 50)
    .option('--json')
    .action(
      async (
        id: string | undefined,
        { account, limit, json = false }: Flags & { readonly limit: number },
      ) => {
        const request = id === undefined ? {} : { triggerId: id };
        const items = await readList(connect(account).triggers.listFirings(request), limit);
        const rows = items.map(({ at, triggerId, value, limit: wanted, action, state, outcome }) => ({
          at,
          trigger: triggerId,
          value,
          limit: wanted,
          action: action.kind,
          state,
          outcome,
        }));
        print(items, { json, rows });
      },
    );
}
