/**
 * A reader takes an untrusted value and gives back a new one of a known type, or says what is wrong with it.
 * Hand-written, because the SDKs bundle it and may not ask a customer for a schema library.
 */
export type Reader<Value> = (value: unknown, path: string) => Value;

export type ReadBy<AnyReader> = AnyReader extends Reader<infer Value> ? Value : never;

/** The value does not have the shape. The message names the field and the bound, never the value. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/**
 * Control characters other than tab and line ends (which SDP needs), and halves of a surrogate pair: no log, database or
 * screen takes them as they are.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/u;

/** What of a stranger's text `text` takes: cut to its length, and without what cannot be shown. */
export const printable = (value: string, lengthMax: number): string =>
  value.slice(0, lengthMax).replace(new RegExp(unprintable, 'gu'), '');

export function text(lengthMax: number, pattern?: RegExp): Reader<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw new ShapeError(`${path} is not a string`);
    if (value.length > lengthMax) throw new ShapeError(`${path} is longer than ${lengthMax} characters`);
    if (unprintable.test(value)) throw new ShapeError(`${path} has a character that cannot be shown`);
    if (pattern !== undefined && !pattern.test(value)) throw new ShapeError(`${path} has the wrong form`);
    return value;
  };
}

export function number(least: number, most: number): Reader<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new ShapeError(`${path} is not a number`);
    if (value < least || value > most) throw new ShapeError(`${path} is not within ${least} and ${most}`);
    return value;
  };
}

export function integer(least = 0, most: number = Number.MAX_SAFE_INTEGER): Reader<number> {
  const read = number(least, most);
  return (value, path) => {
    const result = read(value, path);
    if (!Number.isInteger(result)) throw new ShapeError(`${path} is not a whole number`);
    return result;
  };
}

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new ShapeError(`${path} is not true or false`);
  return value;
};

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Reader<Choice> {
  return (value, path) => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new ShapeError(`${path} is none of ${choices.join(', ')}`);
    return choice;
  };
}

export function listOf<Value>(read: Reader<Value>, countMax: number): Reader<readonly Value[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new ShapeError(`${path} is not a list`);
    if (value.length > countMax) throw new ShapeError(`${path} has more than ${countMax} entries`);
    return value.map((entry, index) => read(entry, `${path}[${index}]`));
  };
}

/** A field that may be absent. `null` counts as absent, because some encoders write it so. */
export interface OptionalField<Value> {
  readonly optional: Reader<Value>;
}

export function optional<Value>(read: Reader<Value>): OptionalField<Value> {
  return { optional: read };
}

type Field = Reader<unknown> | OptionalField<unknown>;
export type Fields = Readonly<Record<string, Field>>;

type RequiredName<Shape extends Fields> = {
  [Name in keyof Shape]: Shape[Name] extends Reader<unknown> ? Name : never;
}[keyof Shape];

export type RecordOf<Shape extends Fields> = {
  readonly [Name in RequiredName<Shape>]: ReadBy<Shape[Name]>;
} & {
  readonly [Name in Exclude<keyof Shape, RequiredName<Shape>>]?: Shape[Name] extends OptionalField<
    infer Value
  >
    ? Value
    : never;
};

/** Fields that are not named are dropped, so that a newer peer can say more without being refused (PRD-7). */
export function record<const Shape extends Fields>(fields: Shape): Reader<RecordOf<Shape>> {
  const entries = Object.entries(fields);
  return (value, path) => {
    if (!isObject(value)) throw new ShapeError(`${path} is not an object`);
    const result: Record<string, unknown> = {};
    for (const [name, field] of entries) {
      const own = Object.hasOwn(value, name) ? value[name] : undefined;
      const at = path === '' ? name : `${path}.${name}`;
      if (typeof field === 'function') result[name] = field(own, at);
      else if (own !== undefined && own !== null) result[name] = field.optional(own, at);
    }
    return result as RecordOf<Shape>;
  };
}

/** One of several records, told apart by the value of one field. */
export function variants<const Tag extends string, const Shapes extends Readonly<Record<string, Fields>>>(
  tag: Tag,
  shapes: Shapes,
): Reader<VariantOf<Tag, Shapes>> {
  const readers = new Map(Object.entries(shapes).map(([name, fields]) => [name, record(fields)]));
  return (value, path) => {
    if (!isObject(value)) throw new ShapeError(`${path} is not an object`);
    const name = Object.hasOwn(value, tag) ? value[tag] : undefined;
    const read = typeof name === 'string' ? readers.get(name) : undefined;
    if (read === undefined) throw new ShapeError(`${path === '' ? tag : `${path}.${tag}`} is not known`);
    return { [tag]: name, ...read(value, path) } as VariantOf<Tag, Shapes>;
  };
}

export type VariantOf<Tag extends string, Shapes extends Readonly<Record<string, Fields>>> = {
  [Name in keyof Shapes]: { readonly [Key in Tag]: Name } & RecordOf<Shapes[Name]>;
}[keyof Shapes];

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
