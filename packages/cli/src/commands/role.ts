import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
  readonly name?: string;
  readonly scope?: readonly string[];
}

interface RoleLine {
  readonly id: string;
  readonly name: string;
  readonly memberCount: number;
  readonly scopes: readonly string[];
}

const rowOf = ({ id, name, memberCount, scopes }: RoleLine): Row => ({
  id,
  name,
  people: memberCount,
  scopes: scopes.join(' '),
});

/** Built-in roles and 50 of the account's own. */
const ROLE_COUNT_MAX = 100;

export function addRoleCommand(program: Command): void {
  const role = program.command('role').description('roles of a team, as sets of scopes');
  const add = (name: string, description: string) =>
    role.command(name).description(description).option('--account <id>').option('--json');
  add('list', 'the built-in roles, and those that the account defined').action(
    async ({ account, json = false }: Flags) => {
      const items = await readList(connect(account).roles.list(), ROLE_COUNT_MAX);
      print(items, { json, rows: items.map(rowOf) });
    },
  );
  add('create <name>', 'a role that may do what its scopes say')
    .requiredOption('--scope <scope...>', 'such as usage:read, keys:* or team:add')
    .action(async (name: string, { account, scope = [], json = false }: Flags) => {
      const created = await connect(account).roles.create({ name, scopes: scope });
      print(created, { json, rows: [rowOf(created)] });
    });
  add('set <id>', 'renames a role or changes its scopes, at once for whoever holds it')
    .option('--name <name>')
    .option('--scope <scope...>', 'all that it may do from now on')
    .action(async (roleId: string, { account, name, scope, json = false }: Flags) => {
      const changed = await connect(account).roles.update({
        roleId,
        ...(name === undefined ? {} : { name }),
        ...(scope === undefined ? {} : { scopes: scope }),
      });
      print(changed, { json, rows: [rowOf(changed)] });
    });
  add('remove <id>', 'removes a role; whoever holds it loses it at once').action(
    async (roleId: string, { account, json = false }: Flags) => {
      const removed = await connect(account).roles.remove({ roleId });
      print(removed, { json, rows: [{ id: removed.id, people: removed.memberCount }] });
    },
  );
}
