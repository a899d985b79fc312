import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
  readonly limit: number;
}

type Decision = Awaited<ReturnType<ReturnType<typeof connect>['why']['get']>>;

/** One fact a line: what was decided, why, what to do, and what was known. */
export function rowsOf(decision: Decision): readonly Row[] {
  const { known, moments } = decision;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['decision', `${decision.decision}: ${decision.operation}`],
    ['at', decision.at],
    ['account', decision.accountId],
    ['by', decision.actor && `${decision.actor.name} (${decision.actor.id})`],
    ['code', decision.code],
    ['why', decision.detail ?? decision.title],
    ['rule', decision.rule],
    ['level', decision.level],
    ['remedy', decision.remedy],
    ['chain', known.chain.map(({ accountId = 'above', state }) => `${accountId} ${state}`).join(', ')],
    ['scopes', known.scopes.join(', ')],
    ...known.limits.map(({ name, max, used }) => ['limit', `${name}: ${used ?? '?'} of ${max}`] as const),
    ...known.caveats.map(({ name, value }) => ['caveat', `${name}: ${JSON.stringify(value)}`] as const),
    ...known.policy.map(
      ({ rule, value, level }) => ['policy', `${rule}: ${JSON.stringify(value)} (${level})`] as const,
    ),
    ...moments.map(
      ({ at, kind, code = '', detail = '' }) => ['then', [at, kind, code, detail].join(' ').trim()] as const,
    ),
  ];
  return facts.flatMap(([what, said]) => (said === undefined || said === '' ? [] : [{ what, said }]));
}

export function addWhyCommand(program: Command): void {
  program
    .command('why [subject]')
    .description(
      'why a request (req_…), a session (ses_…) or the username of a credential was allowed or refused; without one, what was refused last',
    )
    .option('--account <id>')
    .option('--limit <count>', 'of what was refused last', positiveInteger, 20)
    .option('--json')
    .action(async (subject: string | undefined, { account, limit, json = false }: Flags) => {
      const { why } = connect(account);
      if (subject === undefined) {
        const items = await readList(why.list(), limit);
        const isOfSeveral = new Set(items.map(({ accountId }) => accountId)).size > 1;
        const rows = items.map(({ at, requestId, accountId, operation, code, actorName }) => ({
          at,
          request: requestId,
          ...(isOfSeveral ? { account: accountId } : {}),
          operation,
          code,
          by: actorName,
        }));
        print(items, { json, rows });
        return;
      }
      const decision = await why.get({ subject });
      print(decision, { json, rows: rowsOf(decision) });
    });
}
