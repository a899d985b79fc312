type Given<Fields> = { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** What was typed of all that may be: a request says nothing of the rest. */
export function given<Fields extends object>(fields: Fields): Given<Fields> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  // The same fields, without those that were undefined.
  return Object.fromEntries(entries) as Given<Fields>;
}
