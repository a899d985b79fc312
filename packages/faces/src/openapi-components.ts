import { idNouns, isThing } from '@patchbay/kit/id-nouns';
import { pascalCase } from '@patchbay/kit/name-case';

/** Of JSON Schema, what is looked at here; the rest is carried along. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly type?: unknown;
  readonly $ref?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

/** A whole body of a request or an answer, under the name that a generated client gives its class. */
export interface NamedSchema {
  readonly name: string;
  readonly schema: Schema;
}

const refOf = (name: string) => `#/components/schemas/${name}`;
const anyJson = 'JsonValue';
const INT32_MAX = 2 ** 31 - 1;

/**
 * Gives names to what a document says in place: each body, each thing that has an id, and each kind of what comes in several
 * kinds. Generators of clients make a class of a name; of what has none they make one up at each place, all different.
 * @param shared schemas that bodies refer to. Only JSON without a shape may be among them.
 */
export function namedComponents(bodies: readonly NamedSchema[], shared: Readonly<Record<string, Schema>>) {
  const components = new Map<string, Schema>([
    [anyJson, { description: 'Any JSON: text, a number, true or false, null, a list or an object.' }],
  ]);
  const nounOf = nounsOf(bodies);
  for (const [name, schema] of Object.entries(shared))
    if (!isAnyJson(schema, refOf(name))) throw new Error(`Give the recursive schema ${name} a name.`);

  /** What stands for a schema where it is used: itself in plainer words, or a reference. */
  const plain = (schema: Schema, name: string): Schema => {
    if (schema.$ref !== undefined) return { $ref: refOf(anyJson) };
    const noun = nounOf(schema);
    if (noun !== undefined && noun !== name) return referred(noun, schema);
    return withWidth(withKinds(withoutNoise(schema), name));
  };
  const withKinds = (schema: Schema, name: string): Schema => {
    const entries = Object.entries(schema).map(([keyword, value]) => {
      if (keyword === 'properties')
        return [
          keyword,
          mapValues(value as Record<string, Schema>, (each, key) => plain(each, name + pascalCase(key))),
        ];
      if (keyword === 'items' || (keyword === 'additionalProperties' && typeof value === 'object'))
        return [keyword, plain(value as Schema, `${name}Item`)];
      if (keyword === 'anyOf' || keyword === 'allOf')
        return [keyword, (value as Schema[]).map((each) => plain(each, name))];
      return [keyword, value];
    });
    return { ...(Object.fromEntries(entries) as Schema), ...(schema.oneOf && kinds(schema.oneOf, name)) };
  };
  const kinds = (variants: readonly Schema[], name: string): Schema => {
    const property = tagOf(variants);
    if (property === undefined) return { oneOf: variants.map((each) => plain(each, name)) };
    const named = variants.map((variant) => {
      const tag = String(variant.properties?.[property]?.const);
      return [tag, referred(name + pascalCase(tag), variant)] as const;
    });
    const mapping = Object.fromEntries(named.map(([tag, { $ref }]) => [tag, $ref]));
    return { oneOf: named.map(([, ref]) => ref), discriminator: { propertyName: property, mapping } };
  };
  /** A reference to the component of that name, which is added if there is none yet. Another of that name is another thing. */
  const referred = (wanted: string, schema: Schema): Schema => {
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? wanted : `${wanted}${count}`;
      const known = components.get(name);
      const component = plain(schema, name);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(component)) continue;
      components.set(name, component);
      return { $ref: refOf(name) };
    }
  };
  const references = bodies.map(({ name, schema }) => referred(nounOf(schema) ?? name, schema));
  return {
    references,
    components: Object.fromEntries([...components].sort(([left], [right]) => (left < right ? -1 : 1))),
  };
}

/**
 * The things that come at several places. What has an id is named after that. What has none is named after the first
 * operation that takes or answers it, or a list of it.
 */
function nounsOf(bodies: readonly NamedSchema[]): (schema: Schema) => string | undefined {
  const nouns = new Map(idNouns(bodies.map(({ schema }) => schema)));
  const things = bodies.map(({ name, schema }) => {
    const item = schema.properties?.items?.items;
    return item === undefined
      ? { name, thing: schema }
      : { name: name.replace(/Response$/, 'Item'), thing: item };
  });
  for (const [text, [first, ...others]] of Map.groupBy(things, ({ thing }) => JSON.stringify(thing)))
    if (first !== undefined && others.length > 0 && !nouns.has(text)) nouns.set(text, first.name);
  return (schema) => (isThing(schema) ? nouns.get(JSON.stringify(schema)) : undefined);
}

/** The property whose value says which kind one is of. */
function tagOf(variants: readonly Schema[]): string | undefined {
  const [first] = variants;
  return Object.keys(first?.properties ?? {}).find((property) => {
    const tags = variants.map(({ properties }) => properties?.[property]?.const);
    return tags.every((tag) => typeof tag === 'string') && new Set(tags).size === tags.length;
  });
}

/** Whole numbers of ours are exact up to 2^53; a client whose integers have 32 bits has to know (MET-1). */
function withWidth(schema: Schema): Schema {
  if (schema.type !== 'integer') return schema;
  const { minimum, maximum, ...rest } = schema as Schema & { minimum?: number; maximum?: number };
  if (maximum !== undefined && maximum <= INT32_MAX && (minimum ?? 0) >= -INT32_MAX) return schema;
  return {
    ...rest,
    format: 'int64',
    ...(minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
  };
}

/** Leaves out what says nothing: that names are text, and in 300 characters what a format has said in one word. */
function withoutNoise({ propertyNames, pattern, ...schema }: Schema): Schema {
  return {
    ...schema,
    ...(propertyNames === undefined || isPlainText(propertyNames) ? {} : { propertyNames }),
    ...(pattern === undefined || schema.format === 'date-time' ? {} : { pattern }),
  };
}

const isPlainText = (schema: unknown): boolean => JSON.stringify(schema) === '{"type":"string"}';

/** What zod writes for JSON of any shape. Its recursion says nothing, and more than one generator never comes back from it. */
function isAnyJson(schema: Schema, ref: string): boolean {
  const text = JSON.stringify(schema);
  return text.includes('{"type":"null"}') && text.split(`"${ref}"`).length === 3;
}

const mapValues = <Value, Mapped>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value, key: string) => Mapped,
): Record<string, Mapped> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
