import type { Organisation } from '@patchbay/sdk-node';
import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

const rowOf = ({ id, name, accountId, accountCount, personCount }: Organisation): Row => ({
  id,
  name,
  'top account': accountId,
  accounts: accountCount,
  people: personCount,
});

export function addOrganisationCommand(program: Command): void {
  const organisation = program
    .command('organisation')
    .description('who an account belongs to, and everybody in it')
    .addHelpText('after', "\nExample:\n  npx patchbay organisation change --name 'Acme GmbH'");
  const add = (usage: string, description: string) =>
    organisation.command(usage).description(description).option('--account <id>').option('--json');
  add('show', 'the organisation of an account').action(async ({ account, json = false }: Flags) => {
    const found = await connect(account).organisation.get();
    print(found, { json, rows: [rowOf(found)] });
  });
  add('change', 'renames it; its accounts keep their names')
    .requiredOption('--name <name>')
    .action(async ({ account, name, json = false }: Flags & { readonly name: string }) => {
      const changed = await connect(account).organisation.update({ name });
      print(changed, { json, rows: [rowOf(changed)] });
    });
  add('people', 'everybody with a role at one of its accounts, with all their roles')
    .option('--limit <count>', 'at most so many', positiveInteger, 1_000)
    .action(async ({ account, limit, json = false }: Flags & { readonly limit: number }) => {
      const items = await readList(connect(account).organisation.people(), limit);
      const rows = items.flatMap(({ userId, name, email, roles }) =>
        roles.map(({ accountName, roleName, state }) => ({
          user: userId,
          name,
          email,
          role: roleName,
          at: accountName,
          state,
        })),
      );
      print(items, { json, rows });
    });
}
