import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, readList } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
  readonly name?: string;
  readonly mode?: 'live' | 'test';
  readonly ends?: string;
  readonly scope?: readonly string[];
}

interface ListFlags extends Flags {
  readonly limit: number;
}

export function addKeyCommand(program: Command): void {
  const key = program.command('key').description('API keys');
  key
    .command('list')
    .description('the keys of an account, the revoked ones too')
    .option('--account <id>')
    .option('--limit <count>', 'at most so many', positiveInteger, 10_000)
    .option('--json')
    .action(async ({ account, limit, json = false }: ListFlags) => {
      const items = await readList(connect(account).keys.list(), limit);
      const rows = items.map(({ id, name, display, mode, scopes, revokedAt }) => ({
        id,
        name,
        key: display,
        mode,
        scopes: scopes.join(' '),
        revoked: revokedAt,
      }));
      print(items, { json, rows });
    });
  key
    .command('create')
    .description('a new key; its secret is printed here and nowhere else')
    .option('--account <id>')
    .option('--name <name>')
    .option('--mode <mode>', 'live or test')
    .option(
      '--scope <scope...>',
      "such as network-discovery:*; without one it has '*': all rights of the account",
    )
    .option('--json')
    .action(async ({ account, name, mode, scope, json = false }: Flags) => {
      const created = await connect(account).keys.create({
        ...(name === undefined ? {} : { name }),
        ...(mode === undefined ? {} : { mode }),
        ...(scope === undefined ? {} : { scopes: scope }),
      });
      const { id, name: called, scopes, secret } = created;
      print(created, { json, rows: [{ id, name: called, scopes: scopes.join(' '), secret }] });
      if (scopes.includes('*') && scope === undefined)
        process.stderr.write('It has all rights of the account: give --scope to narrow it.\n');
    });
  key
    .command('show <id>')
    .description('one key: its scopes, and when it was used last')
    .option('--account <id>')
    .option('--json')
    .action(async (keyId: string, { account, json = false }: Flags) => {
      const found = await connect(account).keys.get({ keyId });
      const { id, name, display, mode, scopes, lastUsedAt, expiresAt, revokedAt } = found;
      const row = { id, name, key: display, mode, scopes: scopes.join(' ') };
      print(found, { json, rows: [{ ...row, used: lastUsedAt, ends: expiresAt, revoked: revokedAt }] });
    });
  key
    .command('rename <id> <name>')
    .description('its secret and what it may do stay as they are')
    .option('--account <id>')
    .option('--json')
    .action(async (keyId: string, name: string, { account, json = false }: Flags) => {
      const renamed = await connect(account).keys.update({ keyId, name });
      print(renamed, { json, rows: [{ id: renamed.id, name: renamed.name }] });
    });
  key
    .command('rotate <id>')
    .description(
      'a new key like an old one, which works on for a while; the new secret is printed here alone',
    )
    .option('--account <id>')
    .option(
      '--ends <time>',
      'when the old key ends, such as 2026-12-24T18:00:00Z; 24 hours from now if not given',
    )
    .option('--json')
    .action(async (keyId: string, { account, ends, json = false }: Flags) => {
      const rotated = await connect(account).keys.rotate({
        keyId,
        ...(ends === undefined ? {} : { endsAt: ends }),
      });
      const { id, name, secret, replaced } = rotated;
      print(rotated, {
        json,
        rows: [{ id, name, secret, replaces: replaced.id, until: replaced.expiresAt }],
      });
    });
  key
    .command('revoke <id>')
    .description('revoke a key at once; what it minted ends within 2 seconds')
    .option('--account <id>')
    .option('--json')
    .action(async (keyId: string, { account, json = false }: Flags) => {
      const revoked = await connect(account).keys.revoke({ keyId });
      print(revoked, { json, rows: [{ id: revoked.id, name: revoked.name, revoked: revoked.revokedAt }] });
    });
}
