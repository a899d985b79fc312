import { kebabCase } from '@patchbay/kit/name-case';
import { z } from 'zod';
import { Refusal } from '../refusal.ts';

/** The part of JSON Schema that requests are made of. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly maximum?: number;
}

interface Form extends Omit<Schema, 'type' | 'anyOf' | 'oneOf'> {
  readonly type?: string;
}

/** A field of a request, as it is typed. */
export interface RequestFlag {
  /** Such as `--counter.meter`: the field in kebab-case, a dot before what lies in it. */
  readonly name: string;
  /** Where the value goes: `['counter', 'meter']`. */
  readonly path: readonly [string, ...string[]];
  /** What may be written behind it, in words. */
  readonly takes: string;
  /** Whether every request has it. What lies in another field never is: that one may be left out, or be of another form. */
  readonly isRequired: boolean;
  readonly isBoolean: boolean;
  /** The field itself, as JSON or as text. */
  readonly schema: Schema;
}

/** Deeper than anything that a person would type: what lies below is written as JSON. */
const DEPTH_MAX = 3;

/** Every flag of a request, in the order of its fields: first a field, then what lies in it. */
export function flagsOfRequest(request: z.ZodObject): readonly RequestFlag[] {
  const schema: Schema = z.toJSONSchema(request, { io: 'input' }) as Schema;
  return Object.entries(schema.properties ?? {}).flatMap(([field, each]) =>
    flagsAt([field], each, schema.required?.includes(field) ?? false),
  );
}

function flagsAt(
  path: readonly [string, ...string[]],
  schema: Schema,
  isRequired: boolean,
): readonly RequestFlag[] {
  const forms = formsOf(schema);
  const flag = {
    name: `--${path.map(kebabCase).join('.')}`,
    path,
    takes: takesText(schema),
    isRequired,
    isBoolean: forms.every(({ type }) => type === 'boolean'),
    schema,
  };
  const inner = path.length < DEPTH_MAX ? Object.entries(propertiesOf(forms)) : [];
  return [flag, ...inner.flatMap(([field, each]) => flagsAt([...path, field], each, false))];
}

/** A value has one of these forms. */
function formsOf(schema: Schema): readonly Form[] {
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) return forms.flatMap(formsOf);
  const { type, ...rest } = schema;
  if (type === undefined) return [rest];
  return typeof type === 'string' ? [{ ...rest, type }] : type.map((one) => ({ ...rest, type: one }));
}

/** What may lie in a field, whichever of its forms it has: a field of several forms has theirs. */
function propertiesOf(forms: readonly Form[]): Readonly<Record<string, Schema>> {
  const found: Record<string, Schema> = {};
  for (const { properties = {} } of forms)
    for (const [field, schema] of Object.entries(properties)) {
      const known = found[field];
      found[field] = known === undefined ? schema : { anyOf: [known, schema] };
    }
  return found;
}

const wordsOf = ({ const: only, enum: words = [] }: Form): readonly string[] =>
  [...(only === undefined ? [] : [only]), ...words].map(String);

/** Such as `owner, admin or text`, `number` or `JSON`. */
function takesText(schema: Schema): string {
  const kinds = new Set(
    formsOf(schema).flatMap((form) => {
      const words = wordsOf(form);
      if (words.length > 0) return words;
      if (form.type === 'string') return ['text'];
      if (form.type === 'integer' || form.type === 'number') return ['number'];
      if (form.type === 'boolean') return ['true', 'false'];
      if (form.type === 'null') return ['null'];
      if (form.type === 'array') return [`${takesText(form.items ?? {})}, once or several times`];
      return ['JSON'];
    }),
  );
  const named = [...kinds];
  const last = named.pop() ?? 'JSON';
  return named.length === 0 ? last : `${named.join(', ')} or ${last}`;
}

const isIn = (form: Form, text: string): boolean => wordsOf(form).includes(text);

/**
 * What was typed behind one flag, once or several times.
 * @throws Refusal that names the flag and what it takes.
 */
export function readTyped({ name, schema, takes }: RequestFlag, typed: readonly string[]): unknown {
  const list = formsOf(schema).find(({ type }) => type === 'array');
  const [text = ''] = typed.slice(-1);
  const readOne = (part: Schema, each: string): unknown => {
    const value = valueIn(part, each);
    if (value === undefined) throw new Refusal(`${name} takes ${takes}, not '${each}'.`);
    return value;
  };
  if (list === undefined || (typed.length === 1 && text.startsWith('['))) return readOne(schema, text);
  return typed.map((each) => readOne(list.items ?? {}, each));
}

/** What a text is by a schema. Undefined: nothing. Bounds and patterns are looked at when the request is whole. */
function valueIn(schema: Schema, text: string): unknown {
  const forms = formsOf(schema);
  const has = (...types: readonly string[]) => forms.some(({ type = '' }) => types.includes(type));
  if (forms.some((form) => isIn(form, text))) return text;
  if (text === 'null' && has('null')) return null;
  if (has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (has('integer', 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  const isAny = forms.some((form) => form.type === undefined && wordsOf(form).length === 0);
  if (has('object', 'array') || isAny) {
    const value = jsonOf(text);
    if (value !== undefined) return value;
  }
  return has('string') ? text : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What it takes is said by whoever asked.
    return undefined;
  }
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Puts a value at its place, into what another flag or a file said of the field. */
export function putField(fields: Fields, [first, ...rest]: readonly string[], value: unknown): Fields {
  if (first === undefined) return fields;
  if (rest.length === 0) return { ...fields, [first]: value };
  const inner = fields[first];
  return { ...fields, [first]: putField(isFields(inner) ? inner : {}, rest, value) };
}

/**
 * What a request lacks or has too much of, by the flags that say it, before anybody is asked.
 * @throws Refusal with a sentence for each.
 */
export function refuseUnfit(request: z.ZodObject, fields: Fields): void {
  const parsed = request.safeParse(fields);
  if (parsed.success) return;
  const said = parsed.error.issues.map(({ path, message }) => {
    const name = `--${path.map((part) => kebabCase(String(part))).join('.')}`;
    const isMissing = path.length > 0 && valueAt(fields, path) === undefined;
    return isMissing ? `${name} is needed.` : path.length === 0 ? message : `${name}: ${message}`;
  });
  throw new Refusal([...new Set(said)].join('\n'));
}

/**
 * The request of the first page of a list: where more is asked for than one page takes, the list reads on, page after page.
 */
export function firstPage(request: z.ZodObject, fields: Fields): Fields {
  const { limit } = fields;
  if (!Object.hasOwn(request.shape, 'cursor') || typeof limit !== 'number' || !Number.isSafeInteger(limit))
    return fields;
  const { maximum } = flagsOfRequest(request).find(({ name }) => name === '--limit')?.schema ?? {};
  return maximum === undefined || limit <= maximum ? fields : { ...fields, limit: maximum };
}

const valueAt = (fields: Fields, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, part) => (isFields(value) ? value[String(part)] : undefined), fields);
