/** A number as people write it; undefined for what is none. */
export function numberOf(text: string): number | undefined {
  const plain = text.replaceAll(/[\s,_]/g, '');
  return /^\d+$/.test(plain) ? Number(plain) : undefined;
}

/** The same for a schema, which is to say what is wrong: what is no number stays as it was typed. */
export const typedNumber = (text: string): number | string => numberOf(text) ?? text.trim();
