import { kebabCase } from '@patchbay/kit/name-case';

type Fields = Readonly<Record<string, unknown>>;

/**
 * An operation as it is typed at a terminal, with the fields of its request: `patchbay api webhooks.create --url …`. Every
 * operation can be; a few have a shorter command besides.
 */
export function commandLine(operation: string, { accountId, ...fields }: Fields): string {
  const account = accountId === undefined ? [] : ['--account', quoted(String(accountId))];
  const flags = Object.entries(fields).flatMap(([name, value]) => typedField(`--${kebabCase(name)}`, value));
  return ['patchbay api', operation, ...account, ...flags].join(' ');
}

/** A list of texts is named once for each; what has parts is JSON. */
function typedField(flag: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  const isList = Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string');
  const texts = isList ? value : [typeof value === 'string' ? value : JSON.stringify(value)];
  return texts.flatMap((text) => [flag, quoted(text)]);
}

/** For a shell: one that has nothing to read into it stays as it is. */
const quoted = (text: string): string =>
  /^[\w@%+:,./…-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
