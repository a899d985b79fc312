const SPECIAL = /["\\]/;
const quoted = (text: string): string => `"${SPECIAL.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;

/** Texts as PostgreSQL reads an array of them. The driver writes the same, at several times the cost. */
export const textArray = (texts: readonly (string | undefined)[]): string =>
  `{${texts.map((text) => (text === undefined ? 'NULL' : quoted(text))).join()}}`;

/** The same of values that no array literal has to quote: numbers and dates. */
export const arrayLiteral = (values: readonly (number | string)[]): string => `{${values.join()}}`;
