import { type IdPrefix, idKeyword, idPrefixes } from './ids.ts';
import { pascalCase } from './name-case.ts';

/** Of JSON Schema, what is looked at here. */
interface Thing {
  readonly properties?: Readonly<Record<string, object>>;
}

/** What says more than that it is there: an id alone is no thing. */
export const isThing = ({ properties = {} }: Thing): boolean =>
  Object.keys(properties).some((name) => name !== 'id');

/**
 * The names of what has an id, by its schema as JSON: what starts with `whk_` is a `Webhook`. A thing may come in several
 * shapes, as where its secret is shown once: the one that comes most often has the name.
 * @param bodies schemas in which things are looked for, however deep.
 */
export function idNouns(bodies: readonly unknown[]): ReadonlyMap<string, string> {
  const found = new Map<string, { prefix: string; count: number }>();
  const visit = (schema: unknown): void => {
    if (Array.isArray(schema)) schema.forEach(visit);
    if (typeof schema !== 'object' || schema === null) return;
    const prefix = prefixOf(schema);
    if (prefix !== undefined) {
      const text = JSON.stringify(schema);
      found.set(text, { prefix, count: (found.get(text)?.count ?? 0) + 1 });
    }
    Object.values(schema).forEach(visit);
  };
  bodies.forEach(visit);
  const nouns = new Map<string, string>();
  for (const [prefix, shapes] of Map.groupBy(found, ([, { prefix }]) => prefix)) {
    const [most] = shapes.toSorted(([, left], [, right]) => right.count - left.count);
    const [noun = ''] = idPrefixes[prefix as IdPrefix].split(' of ');
    if (most !== undefined) nouns.set(most[0], pascalCase(noun));
  }
  return nouns;
}

function prefixOf(schema: Thing): string | undefined {
  const id: { readonly [idKeyword]?: string } | undefined = schema.properties?.id;
  return isThing(schema) ? id?.[idKeyword] : undefined;
}
