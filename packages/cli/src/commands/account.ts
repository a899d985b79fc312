import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { previewRows } from '../move-preview.ts';
import { print, type Row, readList } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

const states = { suspend: 'suspended', resume: 'active', close: 'closed' } as const;

interface Flags {
  readonly json?: boolean;
  readonly force?: boolean;
  readonly account?: string;
  readonly externalId?: string;
  readonly timeZone?: string;
}

interface ListFlags extends Flags {
  readonly limit: number;
}

interface MoveFlags extends Flags {
  readonly to: string;
  readonly preview?: boolean;
}

interface AccountLine {
  readonly id: string;
  readonly name: string;
  readonly effectiveState: string;
  readonly currency: string;
  readonly childCount: number;
}

const rowOf = ({ id, name, effectiveState, currency, childCount }: AccountLine): Row => ({
  id,
  name,
  state: effectiveState,
  currency,
  children: childCount,
});

export function addAccountCommand(program: Command): void {
  const account = program.command('account').description('accounts, and those below them');
  account
    .command('list')
    .description('the accounts below this one')
    .option('--account <id>')
    .option('--limit <count>', 'at most so many', positiveInteger, 10_000)
    .option('--json')
    .action(async ({ account: id, limit, json = false }: ListFlags) => {
      const items = await readList(connect(id).accounts.list({ depth: 'descendants' }), limit);
      print(items, { json, rows: items.map(rowOf) });
    });
  account
    .command('show [id]')
    .description('one account')
    .option('--json')
    .action(async (id: string | undefined, { json = false }: Flags) => {
      const found = await connect(id).accounts.get();
      print(found, { json, rows: [rowOf(found)] });
    });
  account
    .command('create <name>')
    .description('an account below this one')
    .option('--account <id>', 'the parent')
    .option('--external-id <id>')
    .option('--time-zone <name>')
    .option('--json')
    .action(async (name: string, { account: id, externalId, timeZone, json = false }: Flags) => {
      const created = await connect(id).accounts.create({
        name,
        ...(externalId === undefined ? {} : { externalId }),
        ...(timeZone === undefined ? {} : { timeZone }),
      });
      print(created, { json, rows: [rowOf(created)] });
    });
  account
    .command('move <id>')
    .description('an account, with all below it, to below another of its tree')
    .requiredOption('--to <id>', 'the new parent')
    .option('--preview', 'says what would change, and for whom, and moves nothing')
    .option('--json')
    .action(async (id: string, { to: parentId, preview = false, json = false }: MoveFlags) => {
      const { accounts } = connect();
      if (preview) {
        const effects = await accounts.previewMove(id, { parentId });
        print(effects, { json, rows: previewRows(effects) });
        return;
      }
      const moved = await accounts.move(id, { parentId });
      print(moved, { json, rows: [{ ...rowOf(moved), 'usage follows from': moved.startsAt }] });
    });
  for (const [verb, state] of Object.entries(states)) {
    account
      .command(`${verb} <id>`)
      .description(`${verb} an account, and with it all below it`)
      .option('--force', 'also with a key of that account, which cannot take it back')
      .option('--json')
      .action(async (id: string, { json = false, force }: Flags) => {
        const meant = force === true && state !== 'active' ? { force } : {};
        const changed = await connect().accounts.update(id, { state, ...meant });
        print(changed, { json, rows: [rowOf(changed)] });
      });
  }
}
