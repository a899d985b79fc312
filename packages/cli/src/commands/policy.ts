import {
  type NumberSetting,
  type SettingName,
  settingNames,
  settingOf,
} from '@patchbay/domain/policy/settings';
import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { moneyText } from '../money-text.ts';
import { print, type Row } from '../output.ts';
import { Refusal } from '../refusal.ts';

interface PlaceFlags {
  readonly application?: string;
  readonly instanceType?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly from?: string;
  readonly json?: boolean;
}

interface SetFlags extends PlaceFlags {
  readonly set: readonly string[];
  readonly days: string;
}

type Policy = Awaited<ReturnType<ReturnType<typeof connect>['policy']['get']>>;

const isSetting = (name: string): name is SettingName => settingNames.some((one) => one === name);

const placeOf = ({ application, instanceType, region, endpoint, from }: PlaceFlags) => ({
  ...(from === undefined ? {} : { from }),
  ...(application === undefined ? {} : { applicationId: application }),
  ...(instanceType === undefined ? {} : { instanceType }),
  ...(region === undefined ? {} : { region }),
  ...(endpoint === undefined ? {} : { endpoint }),
});

/** `regions=eu,us` and `concurrentSessionsMax=100`, as the API has them; it says what it does not know. */
export function valuesOf(pairs: readonly string[]): Readonly<Record<string, number | string[]>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...rest] = pair.split('=');
      const text = rest.join('=');
      if (name === '' || rest.length === 0)
        throw new Refusal(`Write --set as setting=value, such as concurrentSessionsMax=100, not '${pair}'.`);
      if (isSetting(name) && isMoney(name))
        throw new Refusal(
          `${name} follows from ${name === 'prepaidBalance' ? 'prepaid terms' : 'spending limits: set one with patchbay limit set --amount'}.`,
        );
      const isNumber = name.endsWith('Max');
      if (isNumber && !/^\d+$/.test(text)) throw new Refusal(`${name} is a whole number, not '${text}'.`);
      // Times have commas of their own: each is an option by itself, or behind a semicolon.
      return [name, isNumber ? Number(text) : text.split(name === 'times' ? ';' : ',').filter(Boolean)];
    }),
  );
}

const units: Readonly<Record<Exclude<NumberSetting['unit'], 'hundredth'>, string>> = {
  second: 's',
  'bit/s': 'bit/s',
  byte: 'B',
  session: 'sessions',
  participant: 'participants',
};

/** Whether a setting is an amount of money: the policy has the number, and the account its currency. */
const isMoney = (name: SettingName): boolean => {
  const setting = settingOf(name);
  return setting.merge === 'narrowest' && setting.unit === 'hundredth';
};

const HUNDREDTH_NANO = 10_000_000n;

/** A value with its unit; of money with the currency of the account. */
export function valueText(name: SettingName, value: unknown, currency = ''): string {
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ');
  const setting = settingOf(name);
  if (typeof value !== 'number' || setting.merge !== 'narrowest') return String(value ?? '');
  return setting.unit === 'hundredth'
    ? moneyText(BigInt(value) * HUNDREDTH_NANO, currency)
    : `${value} ${units[setting.unit]}`;
}

type Origin = Policy['origin'];

/** Whose word it is, of one from above: that of an account which is not to be named is so much. */
export const levelOf = ({ level, accountId, by, setById, heldBy }: Origin): string =>
  [
    level,
    accountId,
    by === 'above' && heldBy === undefined ? `by ${setById ?? 'an account above'}` : undefined,
  ]
    .filter(Boolean)
    .join(' ');

const rowsOf = ({ effective }: Policy, currency: string | undefined): Row[] =>
  effective.map(({ setting, value, origin, lockedBy, wanted }) => ({
    setting,
    value: valueText(setting, value, currency),
    from: origin === undefined ? '' : levelOf(origin),
    locked: lockedBy === undefined ? '' : lockedBy.level,
    levels: wanted
      .map((one) => `${levelOf(one.origin)}: ${valueText(setting, one.value, currency)}`)
      .join(' › '),
  }));

async function show(
  { accounts }: Pick<ReturnType<typeof connect>, 'accounts'>,
  policy: Policy,
  { json = false }: PlaceFlags,
): Promise<void> {
  const hasMoney = policy.effective.some(({ setting }) => isMoney(setting));
  const currency = hasMoney && !json ? (await accounts.get()).currency : undefined;
  print(policy, { json, rows: rowsOf(policy, currency) });
}

export function addPolicyCommand(program: Command): void {
  const policy = program.command('policy').description('what may be used, by level');
  const withPlace = (command: Command) =>
    command
      .option('--application <id>', 'of an application')
      .option('--instance-type <name>', 'of an instance type of it')
      .option('--region <name>', 'at nodes of a region')
      .option('--endpoint <name>', 'of an endpoint, such as user:bob')
      .option('--from <account>', 'whose word: that of an account that you may speak for here')
      .option('--json');
  const collect = (value: string, before: readonly string[]) => [...before, value];
  withPlace(policy.command('show [id]').description('what holds, and which level says so')).action(
    async (id: string | undefined, flags: PlaceFlags) => {
      const client = connect(id);
      await show(client, await client.policy.get(placeOf(flags)), flags);
    },
  );
  withPlace(policy.command('set [id]').description('sets a level anew: what is left out is not set there'))
    .option('--set <setting=value>', 'such as regions=eu,us; once for each setting', collect, [])
    .action(async (id: string | undefined, flags: SetFlags) => {
      const client = connect(id);
      await show(client, await client.policy.set({ ...placeOf(flags), ...valuesOf(flags.set) }), flags);
    });
  withPlace(policy.command('simulate [id]').description('what a changed policy would have refused'))
    .option('--set <setting=value>', 'as for set', collect, [])
    .option('--days <count>', 'how far back', '7')
    .action(async (id: string | undefined, flags: SetFlags) => {
      const days = Number(flags.days);
      const simulated = await connect(id).policy.simulate({
        ...placeOf(flags),
        ...valuesOf(flags.set),
        days,
      });
      const rows = simulated.bySetting.map(({ setting, origin, count }) => ({
        setting,
        level: levelOf(origin),
        refused: count,
        of: simulated.requestCount,
      }));
      print(simulated, { json: flags.json ?? false, rows });
    });
}
