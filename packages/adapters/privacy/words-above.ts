import { configRulesOf, effectiveConfig } from '@patchbay/domain/policy/effective-config';
import { asOneWord, type RetentionWord } from '@patchbay/domain/privacy/retention';
import type { ServiceDefinition } from '@patchbay/kit/definition';
import { escapeIdentifier, type PoolClient } from 'pg';
import type { ClassTable } from './class-tables.ts';

/** Whose word a row is: empty of the account's own. */
export const SETTER = 'set_by';

/** What words of accounts above come to together depends on what they are about. */
export type WordKind = NonNullable<ClassTable['wordAbove']>['kind'];

export type MergedServices = readonly Pick<ServiceDefinition, 'name' | 'config' | 'merge'>[];

export interface HiddenWord {
  readonly setById: string;
  readonly word: object;
}

const isHidden = (row: string) =>
  `(${row}.${SETTER} <> '' AND account_is_visible(${row}.${SETTER}) IS NOT TRUE)`;

/** The words `w` that accounts which the reader does not see have about the same as the row `t`. */
function hiddenAboutSame({ table, order = [] }: ClassTable): string {
  const about = order.filter((column) => column !== SETTER).map((column) => `AND w.${column} = t.${column}`);
  return `FROM ${escapeIdentifier(table)} w WHERE w.account_id = t.account_id ${about.join(' ')} AND ${isHidden('w')}`;
}

/** Whether a row is a word of the account or of one that is seen, or the first of those that are not. */
export const isFirstAbove = (table: ClassTable, rank: (row: string) => string): string =>
  `(NOT ${isHidden('t')} OR NOT EXISTS (SELECT 1 ${hiddenAboutSame(table)}
    AND (${rank('w')}, w.${SETTER}) < (${rank('t')}, t.${SETTER})))`;

/** Of a row that stands for all that are hidden: their words, in no order. Null of any other. */
export const hiddenWords = (table: ClassTable, column: string): string =>
  `CASE WHEN ${isHidden('t')} THEN (SELECT jsonb_agg(jsonb_build_object('setById', w.${SETTER}, 'word', w.${escapeIdentifier(column)}))
    ${hiddenAboutSame(table)}) END`;

/** Accounts from the platform's down to this one: the order in which words hold. */
export async function chainOf(client: PoolClient, accountId: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM account_chain($1)', [accountId]);
  return rows.map(({ id }) => id);
}

interface Above {
  readonly chain: readonly string[];
  readonly words: readonly HiddenWord[];
  readonly services: MergedServices;
}

/** A line with what all of them say as one word, by the rules by which it holds (decision 0021). */
export function withOneWord(
  line: string,
  { column, kind }: NonNullable<ClassTable['wordAbove']>,
  above: Above,
): string {
  const row = JSON.parse(line) as Readonly<Record<string, unknown>>;
  return JSON.stringify({ ...row, [column]: oneWord(kind, row, above) });
}

function oneWord(
  kind: WordKind,
  { service: named }: Readonly<Record<string, unknown>>,
  above: Above,
): object {
  const { chain, services } = above;
  const accountId = chain.at(-1) ?? '';
  const words = above.words.toSorted(
    (one, other) => chain.indexOf(one.setById) - chain.indexOf(other.setById),
  );
  switch (kind) {
    case 'retention':
      return asOneWord(
        words.map(({ setById, word }) => ({ accountId, setById, word: word as RetentionWord })),
      );
    case 'config': {
      const service = services.find(({ name }) => name === named);
      // Of a service that is no more nothing holds, and no rule says how it would.
      if (service === undefined) return words.at(-1)?.word ?? {};
      const levels = words.map(({ setById, word }) => ({
        origin: { level: 'account', accountId, setById } as const,
        values: { ...word },
      }));
      return effectiveConfig(levels, { merge: configRulesOf(service).merge, defaults: {} }).values;
    }
  }
}
