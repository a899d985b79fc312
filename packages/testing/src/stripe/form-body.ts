/** What a form says: texts, and objects and lists of them. */
export type FormValue = string | readonly FormValue[] | { readonly [key: string]: FormValue };
export type FormObject = { readonly [key: string]: FormValue };

type Open = Map<string, string | Open>;

/** Reads `a[b][0]=c`, as Stripe's SDK writes a request, and as it writes a query. */
export function decodeForm(body: string): FormObject {
  const root: Open = new Map();
  for (const [key, value] of new URLSearchParams(body)) {
    const path = key.split(/[[\]]+/).filter((part, index) => part !== '' || index === 0);
    let at = root;
    for (const part of path.slice(0, -1)) {
      const known = at.get(part);
      const next: Open = known instanceof Map ? known : new Map();
      at.set(part, next);
      at = next;
    }
    at.set(path.at(-1) ?? '', value);
  }
  return objectOf(root);
}

const objectOf = (open: Open): FormObject =>
  Object.fromEntries([...open].map(([key, value]) => [key, closed(value)]));

function closed(value: string | Open): FormValue {
  if (typeof value === 'string') return value;
  const isList = value.size > 0 && [...value.keys()].every((key, index) => key === String(index));
  return isList ? [...value.values()].map(closed) : objectOf(value);
}
