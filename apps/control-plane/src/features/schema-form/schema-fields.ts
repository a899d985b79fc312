import { z } from 'zod';
import { showBitRate, showBytes, showDuration, textOf } from '../../formats/quantity.ts';

/** One field of a schema, with all that a form needs to ask for it. */
export interface SchemaField {
  readonly name: string;
  /** As a person says it: 'Credential lifetime, at most'. */
  readonly label: string;
  readonly summary: string | undefined;
  /** A list is typed as words with commas between them. */
  readonly kind: 'integer' | 'text' | 'choice' | 'list';
  /** Of a choice. */
  readonly choices: readonly string[];
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** What its numbers count, by the last words of its name. */
  readonly quantity: Quantity | undefined;
  readonly isRequired: boolean;
  /** What holds while it is left empty: its default, or undefined for none. */
  readonly otherwise: unknown;
  /** What it means that it is empty and has no default. */
  readonly emptyText: string;
}

interface Quantity {
  readonly unit: string;
  /** What it is called, where nothing else in the name says so. */
  readonly noun: string;
  /** The same quantity for a reader. */
  readonly show: (value: number) => string;
}

/** The words of a name that say what it counts. The first that fits is taken. */
const quantities: readonly (readonly [words: string, quantity: Quantity])[] = [
  [
    'bits per second',
    { unit: 'bit/s', noun: 'bit rate', show: (value: number) => textOf(showBitRate(value)) },
  ],
  ['seconds', { unit: 's', noun: 'time', show: (value: number) => showSpan(value) }],
  ['ms', { unit: 'ms', noun: 'time', show: showDuration }],
  ['bytes', { unit: 'B', noun: 'bytes', show: (value: number) => textOf(showBytes(value)) }],
  ['pixels', { unit: 'px', noun: 'size', show: (value: number) => `${value} px` }],
];

const DAY_SECONDS = 86_400;

/** Whole days as days: a bound of a year is no number of hours to anybody. */
const showSpan = (seconds: number): string =>
  seconds > 0 && seconds % DAY_SECONDS === 0 ? `${seconds / DAY_SECONDS} d` : showDuration(seconds * 1_000);

/** What the last word of a name says of its bound. */
const bounds: Readonly<Record<string, string>> = { max: 'at most', min: 'at least' };
/** Short forms that code has and people do not. */
const spelled: Readonly<Record<string, string>> = { ttl: 'lifetime', cidrs: 'networks', id: '' };
/** Words after which 'time' would be said twice. */
const times: readonly string[] = ['lifetime', 'duration', 'delay', 'timeout', 'time'];

const wordsOf = (name: string): string[] =>
  name
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .split(' ')
    .filter((word) => word !== '');

/** Reads a name such as `credentialTtlSecondsMax`: what it is called, what it counts and whether it is a bound. */
export function readName(name: string): Pick<SchemaField, 'label' | 'quantity'> {
  const words = wordsOf(name);
  const bound = bounds[words.at(-1) ?? ''];
  const rest = (bound === undefined ? words : words.slice(0, -1)).join(' ');
  const [ending, quantity] = quantities.find(([ends]) => rest === ends || rest.endsWith(` ${ends}`)) ?? [];
  const named = rest
    .slice(0, rest.length - (ending?.length ?? 0))
    .trim()
    .split(' ')
    .map((word) => spelled[word] ?? word)
    .filter((word) => word !== '');
  const isTold = named.length > 0 && (quantity?.noun !== 'time' || times.includes(named.at(-1) ?? ''));
  const noun = quantity === undefined || isTold ? [] : [quantity.noun];
  const label = [[...named, ...noun].join(' '), bound].filter((part) => part !== undefined).join(', ');
  return { label: label.replace(/^./, (letter) => letter.toUpperCase()), quantity };
}

interface Property {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * The fields of a schema, in its order. Derived from JSON Schema, so that a form asks for whatever a definition declares
 * without knowing of it; a kind that no form can ask for is an error, and is never left out in silence.
 */
export function fieldsOf(schema: z.ZodObject): readonly SchemaField[] {
  const described = z.toJSONSchema(schema, { io: 'input' });
  const properties: Readonly<Record<string, Property>> = described.properties as Record<string, Property>;
  return Object.entries(properties).map(([name, property]) => {
    const { label, quantity } = readName(name);
    const max = property.maximum === Number.MAX_SAFE_INTEGER ? undefined : property.maximum;
    const isCap = /Max$/.test(name);
    return {
      name,
      label,
      summary: property.description,
      ...kindOf(name, property),
      min: property.minimum,
      max,
      quantity,
      isRequired: described.required?.includes(name) === true && property.default === undefined,
      otherwise: property.default,
      emptyText: isCap ? 'no cap' : 'not set',
    };
  });
}

function kindOf(name: string, property: Property): Pick<SchemaField, 'kind' | 'choices'> {
  if (property.enum !== undefined) return { kind: 'choice', choices: property.enum.map(String) };
  if (property.type === 'integer') return { kind: 'integer', choices: [] };
  if (property.type === 'string') return { kind: 'text', choices: [] };
  if (property.type === 'array') return { kind: 'list', choices: [] };
  throw new Error(`No form is known for ${name}: ${JSON.stringify(property)}.`);
}

/** What somebody typed into each field. */
export type Draft = Readonly<Record<string, string>>;

/** A value as it stands in its field. */
export const draftOf = (value: unknown): string =>
  value === undefined ? '' : Array.isArray(value) ? value.join(', ') : String(value);

/** A draft as the request that its schema checks. What was left empty is left out; what is no number stays a text. */
export function readDraft(fields: readonly SchemaField[], draft: Draft): Record<string, unknown> {
  const entries = fields.flatMap((field) => {
    const text = (draft[field.name] ?? '').trim();
    if (text === '') return field.isRequired ? [[field.name, '']] : [];
    return [[field.name, parsedOf(field, text)]];
  });
  return Object.fromEntries(entries);
}

function parsedOf({ kind }: SchemaField, text: string): unknown {
  if (kind === 'list') return text.split(/[\s,]+/).filter((word) => word !== '');
  if (kind !== 'integer') return text;
  // As it is shown elsewhere: 86,400.
  const digits = text.replace(/[,_\s]/g, '');
  return /^-?\d+$/.test(digits) ? Number(digits) : text;
}

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A value with its unit: '86,400 s', 'relay'. */
export function showValue(field: SchemaField, value: unknown): string {
  if (value === undefined) return field.emptyText;
  if (typeof value !== 'number') return draftOf(value);
  const unit = field.quantity?.unit;
  return unit === undefined ? grouped.format(value) : `${grouped.format(value)} ${unit}`;
}

/** The same quantity for a reader, where it says more than the number does: '24 h 00 min'. */
export function readingOf(field: SchemaField, text: string): string | undefined {
  const value = parsedOf(field, text.trim());
  if (typeof value !== 'number' || value < 0 || field.quantity === undefined) return undefined;
  const shown = field.quantity.show(value);
  return shown === `${grouped.format(value)} ${field.quantity.unit}` ? undefined : shown;
}

/** The bounds of a number in a sentence. */
export function boundsText({ kind, min, max, quantity }: SchemaField): string | undefined {
  if (kind !== 'integer') return undefined;
  const show = (value: number) => (quantity === undefined ? grouped.format(value) : quantity.show(value));
  if (min !== undefined && max !== undefined) return `${show(min)} to ${show(max)}.`;
  if (min !== undefined && min > 1) return `At least ${show(min)}.`;
  return undefined;
}
