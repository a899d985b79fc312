import type { Command } from 'commander';
import type { ConfigRequest, ServiceConfig } from '../api/service-config.ts';
import { given } from '../given.ts';
import { print, type Row } from '../output.ts';

interface Flags {
  readonly account?: string;
  readonly application?: string;
  readonly instanceType?: string;
  readonly endpoint?: string;
  readonly from?: string;
  readonly json?: boolean;
}

const requestOf = (service: string, flags: Flags): ConfigRequest => ({
  service,
  account: flags.account,
  from: flags.from,
  place: given({
    applicationId: flags.application,
    instanceType: flags.instanceType,
    endpointId: flags.endpoint,
  }),
});

const textOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null
    ? JSON.stringify(value)
    : value === undefined
      ? undefined
      : String(value);

/** A field, what this level says of it, what holds, and which level that is from. */
function rowsOf({ stored, effective, origins }: ServiceConfig): Row[] {
  const names = new Set([...Object.keys(effective), ...Object.keys(stored)]);
  return [...names].map((name) => {
    const { level, by, setById, ...ids } = origins[name] ?? { level: '' };
    const setter = by === 'above' ? [`by ${setById ?? 'an account above'}`] : [];
    return {
      field: name,
      'set here': textOf(stored[name]),
      holds: textOf(effective[name]),
      from: [level, ...Object.values(ids), ...setter].join(' '),
    };
  });
}

export function addConfigCommand(program: Command): void {
  const config = program
    .command('config')
    .description('how a service is configured, level by level')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  npx patchbay config show signaling',
        '  npx patchbay config set signaling mode=relay sessionSecondsMax=3600',
        '  npx patchbay config set signaling mode=relay --application app_… --instance-type free',
        '  npx patchbay config unset signaling mode --endpoint end_…',
      ].join('\n'),
    );
  const add = (usage: string, description: string) =>
    config
      .command(usage)
      .description(description)
      .option('--account <id>')
      .option('--application <id>', 'for an application')
      .option('--instance-type <name>', 'for an instance type of it')
      .option('--endpoint <id>', 'for an endpoint')
      .option('--from <account>', 'whose word: that of an account that you may speak for here')
      .option('--json');
  const printOne = (found: ServiceConfig, { json = false }: Flags) =>
    print(found, { json, rows: rowsOf(found) });
  // The definitions of all services: loaded for these commands alone.
  const load = () => import('../api/service-config.ts');
  add('show <service>', 'what holds, and which level says so').action(
    async (service: string, flags: Flags) => {
      const { readConfig } = await load();
      printOne(await readConfig(requestOf(service, flags)), flags);
    },
  );
  add('set <service> <field=value...>', 'says fields at one level; the others stay as they are').action(
    async (service: string, set: readonly string[], flags: Flags) => {
      const { changeConfig } = await load();
      printOne(await changeConfig(requestOf(service, flags), { set, unset: [] }), flags);
    },
  );
  add('unset <service> <field...>', 'says fields no more at one level: what is above holds').action(
    async (service: string, unset: readonly string[], flags: Flags) => {
      const { changeConfig } = await load();
      printOne(await changeConfig(requestOf(service, flags), { set: [], unset }), flags);
    },
  );
}
