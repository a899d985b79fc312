import type { Command } from 'commander';
import { connect } from '../connection.ts';
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
      const isNumber = name.endsWith('Max');
      if (isNumber && !/^\d+$/.test(text)) throw new Refusal(`${name} is a whole number, not '${text}'.`);
      // Times have commas of their own: each is an option by itself, or behind a semicolon.
      return [name, isNumber ? Number(text) : text.split(name === 'times' ? ';' : ',').filter(Boolean)];
    }),
  );
}

const textOf = (value: unknown): string =>
  Array.isArray(value)
    ? value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ')
    : String(value ?? '');

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

const rowsOf = ({ effective }: Policy): Row[] =>
  effective.map(({ setting, value, origin, lockedBy, wanted }) => ({
    setting,
    value: textOf(value),
    from: origin === undefined ? '' : levelOf(origin),
    locked: lockedBy === undefined ? '' : lockedBy.level,
    levels: wanted.map((one) => `${levelOf(one.origin)}: ${textOf(one.value)}`).join(' › '),
  }));

export function addPolicyCommand(program: Command): void {
  const policy = program.command('policy').description('what may be used, by level');
  const withPlace = (command: Command) =>
    command
      .option('--application <id>', 'of an application')
      .option('--instance-type <name>', 'of an instance type of it')
      .option('--region <name>', 'at nodes of a region')
      .option('--endpoint <name>', 'of an endpoint, such as user:bob')
      .option('--from <account>', 'the word of an account above that you may speak for')
      .option('--json');
  const collect = (value: string, before: readonly string[]) => [...before, value];
  withPlace(policy.command('show [id]').description('what holds, and which level says so')).action(
    async (id: string | undefined, flags: PlaceFlags) => {
      const found = await connect(id).policy.get(placeOf(flags));
      print(found, { json: flags.json ?? false, rows: rowsOf(found) });
    },
  );
  withPlace(policy.command('set [id]').description('sets a level anew: what is left out is not set there'))
    .option('--set <setting=value>', 'such as regions=eu,us; once for each setting', collect, [])
    .action(async (id: string | undefined, flags: SetFlags) => {
      const changed = await connect(id).policy.set({ ...placeOf(flags), ...valuesOf(flags.set) });
      print(changed, { json: flags.json ?? false, rows: rowsOf(changed) });
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
