/** What a document and its session know by name. */
export type Variables = Readonly<Record<string, string>>;

/** So long may a text become by what is put into it. */
const READ_CHARACTERS_MAX = 4_000;

const NAME_COUNT_MAX = 64;
const CHARACTERS_MAX = 16_384;

/** They are kept with the session, and go with each request for a document. */
export const isTooMuch = (variables: Variables): boolean =>
  Object.keys(variables).length > NAME_COUNT_MAX ||
  Object.values(variables).reduce((sum, { length }) => sum + length, 0) > CHARACTERS_MAX;

/** What nobody set is empty. */
export const valueIn = (variables: Variables, name: string): string =>
  Object.hasOwn(variables, name) ? (variables[name] ?? '') : '';

/** `{{name}}` stands for what the variable holds; of one that nobody set, for nothing. */
export const readText = (text: string, variables: Variables): string =>
  text
    .replace(/\{\{\s*([A-Za-z][A-Za-z0-9_]{0,63})\s*\}\}/g, (_match, name: string) =>
      valueIn(variables, name),
    )
    .slice(0, READ_CHARACTERS_MAX);
