import { type DimensionFilter, readDimensionFilter } from '@patchbay/kit/dimension-filter';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';
import { positiveInteger } from './positive-integer.ts';

const LIST_COUNT_MAX = 1_000;
const actions = [
  'notify',
  'callback',
  'suspend',
  'end-sessions',
  'throttle',
  'disable-service',
  'disable-feature',
  'email',
] as const;

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}

interface CreateFlags extends Flags {
  readonly meter?: string;
  readonly event?: string;
  readonly where?: DimensionFilter;
  readonly limit: number;
  readonly per?: 'hour' | 'day' | 'month';
  readonly seconds?: number;
  readonly for?: string;
  readonly application?: string;
  readonly endpoint?: string;
  readonly credential?: string;
  readonly session?: string;
  readonly own?: true;
  readonly action: (typeof actions)[number];
  readonly node?: string;
  readonly measure?: string;
  readonly kbps?: number;
  readonly service?: string;
  readonly feature?: string;
  readonly to?: string;
  readonly url?: string;
  readonly fallback?: string;
  readonly webhook?: string;
  readonly show?: true;
}

interface TriggerLine {
  readonly id: string;
  readonly name: string;
  readonly counter: { readonly meter: string } | { readonly event: string } | { readonly measure: string };
  readonly condition:
    | { readonly kind: 'threshold'; readonly limit: number }
    | { readonly kind: 'recurring'; readonly limit: number; readonly per: string }
    | { readonly kind: 'rate'; readonly limit: number; readonly seconds: number };
  readonly action: { readonly kind: string };
  readonly value: string;
  readonly hasFired: boolean;
  readonly isEnabled: boolean;
}

function windowText(condition: TriggerLine['condition']): string {
  if (condition.kind === 'recurring') return `a ${condition.per}`;
  return condition.kind === 'rate' ? `in ${condition.seconds} s` : 'in all';
}

const rowOf = ({ id, name, counter, condition, action, value, hasFired, isEnabled }: TriggerLine): Row => ({
  id,
  name,
  counts: 'meter' in counter ? counter.meter : 'event' in counter ? counter.event : counter.measure,
  value,
  limit: `${condition.limit} ${windowText(condition)}`,
  action: action.kind,
  state: isEnabled ? (hasFired ? 'fired' : 'counting') : 'off',
});

/** `direction:in,region:eu`, once or several times. */
function filterOf(text: string, before: DimensionFilter = {}): DimensionFilter {
  const read = readDimensionFilter(text);
  if (typeof read === 'string') throw new InvalidArgumentError(read);
  return { ...before, ...read };
}

function conditionOf({ limit, per, seconds }: CreateFlags) {
  if (per !== undefined && seconds !== undefined) throw new Refusal('Give --per or --seconds, not both.');
  if (per !== undefined) return { kind: 'recurring', limit, per } as const;
  return seconds === undefined
    ? ({ kind: 'threshold', limit } as const)
    : ({ kind: 'rate', limit, seconds } as const);
}

function counterOf({ meter, event, where, measure }: CreateFlags) {
  if (measure !== undefined && meter === undefined && event === undefined) return { measure };
  const filter = where === undefined ? {} : { where };
  if (meter !== undefined && event === undefined) return { meter, ...filter };
  if (event !== undefined && meter === undefined) return { event, ...filter };
  throw new Refusal('Give --meter, --event or --measure: one of them is counted.');
}

function actionOf(flags: CreateFlags) {
  const { action, kbps, service, feature, to, node, url, fallback, webhook } = flags;
  if (action === 'callback') {
    if ((url === undefined) === (webhook === undefined))
      throw new Refusal('--action callback needs --url, or --webhook of one that there is.');
    if (url === undefined)
      return { kind: 'callback', ...(webhook === undefined ? {} : { webhookId: webhook }) } as const;
    return { kind: 'callback', url, ...(fallback === undefined ? {} : { fallbackUrl: fallback }) } as const;
  }
  if (action === 'disable-service') {
    if (service === undefined)
      throw new Refusal('--action disable-service needs --service, such as signaling.');
    return { kind: 'disableService', service } as const;
  }
  if (action === 'disable-feature') {
    if (feature === undefined)
      throw new Refusal('--action disable-feature needs --feature, such as network-discovery.relay.');
    return { kind: 'disableFeature', feature } as const;
  }
  if (action === 'email') {
    if (to === undefined) throw new Refusal('--action email needs --to, an address of your team.');
    return { kind: 'email', address: to } as const;
  }
  if (action === 'throttle') {
    if (kbps === undefined) throw new Refusal('--action throttle needs --kbps.');
    return { kind: 'throttle', bitsPerSecondMax: kbps * 1_000 } as const;
  }
  if (action === 'end-sessions')
    return { kind: 'endSessions', ...(node === undefined ? {} : { nodeId: node }) } as const;
  return { kind: action } as const;
}

async function createTrigger(name: string, flags: CreateFlags): Promise<void> {
  const { application, endpoint, credential, session } = flags;
  const created = await connect(flags.account).triggers.create({
    name,
    counter: counterOf(flags),
    condition: conditionOf(flags),
    action: actionOf(flags),
    target: {
      scope: flags.own === true ? 'own' : 'inclusive',
      ...(flags.for === undefined ? {} : { accountId: flags.for }),
      ...(application === undefined ? {} : { applicationId: application }),
      ...(endpoint === undefined ? {} : { endpointId: endpoint }),
      ...(credential === undefined ? {} : { credentialId: credential }),
      ...(session === undefined ? {} : { sessionId: session }),
    },
    isShown: flags.show === true,
  });
  const { secret } = created;
  const row = { ...rowOf(created), ...(secret === undefined ? {} : { secret }) };
  print(created, { json: flags.json === true, rows: [row] });
}

export function addTriggerCommand(program: Command): void {
  const trigger = program
    .command('trigger')
    .description('counters with a limit, and what is done when it is reached');
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
    .addOption(new Option('--action <action>').choices(actions).default('notify'))
    .option('--kbps <count>', 'of --action throttle', positiveInteger)
    .option('--service <name>', 'of --action disable-service, such as signaling')
    .option('--feature <name>', 'of --action disable-feature, such as network-discovery.relay')
    .option('--node <id>', 'of --action end-sessions, for operators: of this node alone')
    .option(
      '--url <address>',
      'of --action callback: called with a secret of its own, which is shown this once',
    )
    .option('--fallback <address>', 'of --url: asked when that failed')
    .option('--webhook <id>', 'of --action callback: a webhook of this account')
    .option('--to <address>', 'of --action email: somebody of the team')
    .option('--show', 'let the account that it is about see it')
    .option('--json')
    .action(createTrigger);
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
