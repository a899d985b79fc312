import type { Application } from '@patchbay/sdk-node';
import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { given } from '../given.ts';
import { print, type Row, readList } from '../output.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

interface ChangeFlags extends Flags {
  readonly name?: string;
  readonly instanceTypes?: string;
}

const APPLICATION_COUNT_MAX = 10_000;

const rowOf = ({ id, name, instanceTypes, createdAt }: Application): Row => ({
  id,
  name,
  'instance types': instanceTypes.join(', '),
  since: createdAt,
});

/** `web,ios`; nothing takes all away. */
const namesIn = (text: string | undefined): readonly string[] | undefined =>
  text
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);

export function addApplicationCommand(program: Command): void {
  const application = program
    .command('application')
    .description('what you build, and the kinds in which it runs')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  npx patchbay application create Shop --instance-types web,ios',
        '  npx patchbay application change app_… --instance-types web,ios,android',
      ].join('\n'),
    );
  const add = (usage: string, description: string) =>
    application.command(usage).description(description).option('--account <id>').option('--json');
  const printOne = (found: Application, { json = false }: Flags) =>
    print(found, { json, rows: [rowOf(found)] });
  const types = [
    '--instance-types <names>',
    "such as web,ios; all that there are from now on, '' for none",
  ] as const;
  add('list', 'the applications of an account').action(async ({ account, json = false }: Flags) => {
    const items = await readList(connect(account).applications.list(), APPLICATION_COUNT_MAX);
    print(items, { json, rows: items.map(rowOf) });
  });
  add('show <id>', 'one application').action(async (applicationId: string, { account, ...flags }: Flags) =>
    printOne(await connect(account).applications.get({ applicationId }), flags),
  );
  add('create <name>', 'a new application')
    .option(...types)
    .action(async (name: string, { account, instanceTypes, ...flags }: ChangeFlags) => {
      const request = { name, ...given({ instanceTypes: namesIn(instanceTypes) }) };
      printOne(await connect(account).applications.create(request), flags);
    });
  add('change <id>', 'renames it, or says which instance types it has')
    .option('--name <name>')
    .option(...types)
    .action(async (applicationId: string, { account, name, instanceTypes, ...flags }: ChangeFlags) => {
      const request = { applicationId, ...given({ name, instanceTypes: namesIn(instanceTypes) }) };
      printOne(await connect(account).applications.update(request), flags);
    });
  add('remove <id>', 'removes it; its past use keeps its id').action(
    async (applicationId: string, { account, json = false }: Flags) => {
      const removed = await connect(account).applications.remove({ applicationId });
      print(removed, { json, rows: [{ id: removed.id, state: 'removed' }] });
    },
  );
}
