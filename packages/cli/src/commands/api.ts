import type { Command } from 'commander';
import { useDataFolder } from '../connection.ts';
import { print } from '../output.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

const examples = [
  '',
  'Examples:',
  '  npx patchbay api                                   # every operation',
  '  npx patchbay api webhooks                          # those of webhooks',
  '  npx patchbay api webhooks.create --help            # the fields of one',
  "  npx patchbay api webhooks.create --url https://example.com/hooks --event-types 'signaling.*'",
  '  npx patchbay api policy.set --input policy.json    # the request from a file',
  '  npx patchbay api usage.csv --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z > usage.csv',
].join('\n');

/**
 * Every operation of the API, derived from the definitions: none is without a command. Those that are used by hand have one
 * of their own besides, with tables and shorter flags.
 */
export function addApiCommand(program: Command): void {
  const api = program
    .command('api')
    .description('any operation of the API by its name: patchbay api triggers.list')
    .argument('[operation]', 'such as triggers.create; a resource such as triggers lists its own')
    .argument('[fields...]', 'its fields, such as --name Allowance; --help behind an operation lists them')
    .option('--account <id>', "the account it is about (default: the key's own)")
    .option('--json', 'one line, for a program')
    // Behind an operation all is of that one: it may have a field that is called as one of these.
    .passThroughOptions()
    .addHelpText('after', examples);
  api.action(async (named: string | undefined, rest: readonly string[], before: Flags) => {
    // All definitions: loaded for this command alone.
    const [{ operationNamed, operationsOf }, { commandOf }, { callOperation }] = await Promise.all([
      import('../api/operations.ts'),
      import('../api/operation-command.ts'),
      import('../api/call-operation.ts'),
    ]);
    const listed = operationsOf(named);
    if (named === undefined || listed.length > 0) {
      const rows = listed.map(({ name, summary }) => ({ operation: name, summary }));
      const items = listed.map(({ name, summary, rest: path, scope }) => ({
        name,
        summary,
        rest: path,
        scope,
      }));
      return print(items, { json: before.json === true || rest.includes('--json'), rows });
    }
    const operation = operationNamed(named);
    const command = commandOf(operation, async (fields, flags) => {
      if (flags.data !== undefined) useDataFolder(flags.data);
      await callOperation(operation, fields, { ...before, ...flags });
    });
    await command.parseAsync([...rest], { from: 'user' });
  });
}
