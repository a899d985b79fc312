import { z } from 'zod';

/** A text of a callback's URI with fields of the event in it, such as `calls.{applicationId}` (HKS-4). */
export interface EventTemplate {
  /** Texts, and between them the paths of fields: `['calls.', ['applicationId'], '']`. */
  readonly parts: readonly (string | EventPath)[];
}

/** From the event's envelope down. Empty: the whole event. */
export type EventPath = readonly string[];

/** Fields in one text. */
const PLACE_COUNT_MAX = 16;
const place = /\{([^{}]*)\}/;
const pathForm = /^(?:[A-Za-z][\w-]*(?:\.[\w-]+)*)?$/;

/** What every event has or may have, beside `data` (envelope.ts). */
const envelopeFields = [
  'id',
  'type',
  'timestamp',
  'cursor',
  'accountId',
  'applicationId',
  'instanceType',
  'sessionId',
  'sessionSequence',
] as const;

export function readTemplate(text: string): EventTemplate | { readonly problem: string } {
  // With a group in its separator, every other piece is what the group held.
  const pieces = text.split(place);
  const wrong = pieces.find((piece, index) => !isPart(piece, index));
  if (wrong !== undefined)
    return { problem: `${wrong} is no field: write {applicationId}, {data.code} or {}` };
  if (pieces.length > 2 * PLACE_COUNT_MAX + 1)
    return { problem: `it names more than ${PLACE_COUNT_MAX} fields` };
  return {
    parts: pieces.map((piece, index) => (index % 2 === 0 ? piece : piece === '' ? [] : piece.split('.'))),
  };
}

const isPart = (piece: string, index: number): boolean =>
  index % 2 === 0 ? !/[{}]/.test(piece) : pathForm.test(piece);

/** The field that a template is as a whole: its value is taken as it is, and not as a text. */
export function wholeOf({ parts }: EventTemplate): EventPath | undefined {
  const [before, path, after, ...others] = parts;
  return before === '' && after === '' && others.length === 0 && typeof path === 'object' ? path : undefined;
}

export const pathsOf = ({ parts }: EventTemplate): readonly EventPath[] =>
  parts.filter((part): part is EventPath => typeof part !== 'string');

/** A text that the template may make, to hold against a schema before there is an event. */
export const sampleOf = ({ parts }: EventTemplate): string =>
  parts.map((part) => (typeof part === 'string' ? part : 'a')).join('');

/** The value that a template makes of an event, or the path of what the event has not. */
export function filled(
  template: EventTemplate,
  event: unknown,
): { readonly value: unknown } | { readonly absent: string } {
  const whole = wholeOf(template);
  if (whole !== undefined) {
    const value = valueAt(event, whole);
    return value === undefined ? { absent: whole.join('.') } : { value };
  }
  const texts: string[] = [];
  for (const part of template.parts) {
    const value = typeof part === 'string' ? part : valueAt(event, part);
    // An object has no one text that its reader would expect.
    if (value === undefined || value === null || typeof value === 'object')
      return { absent: typeof part === 'string' ? part : part.join('.') };
    texts.push(String(value));
  }
  return { value: texts.join('') };
}

function valueAt(event: unknown, path: EventPath): unknown {
  let value = event;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/** Whether an event whose data is of this schema may have the field: one that none has is a misspelling. */
export function mayHave(schema: z.core.$ZodType, path: EventPath): boolean {
  const [first, ...below] = path;
  if (first === undefined) return true;
  if (first === 'data') return hasPath(schema, below);
  return below.length === 0 && envelopeFields.some((field) => field === first);
}

function hasPath(schema: z.core.$ZodType, path: EventPath): boolean {
  const [name, ...below] = path;
  if (name === undefined) return true;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return hasPath(schema.unwrap(), path);
  if (schema instanceof z.ZodUnion) return schema.options.some((option) => hasPath(option, path));
  if (schema instanceof z.ZodObject) {
    const field: z.core.$ZodType | undefined = schema.shape[name];
    return field !== undefined && hasPath(field, below);
  }
  if (schema instanceof z.ZodArray) return /^\d+$/.test(name) && hasPath(schema.element, below);
  return !(
    schema instanceof z.ZodString ||
    schema instanceof z.ZodNumber ||
    schema instanceof z.ZodBoolean ||
    schema instanceof z.ZodEnum ||
    schema instanceof z.ZodLiteral
  );
}

/** Deeper, or more, is for whoever reads the reference. */
const OFFERED_DEPTH_MAX = 4;

/** The fields that an event whose data is of this schema may have, as a text of a callback names them: `data.reason.code`. */
export function offeredFields(schema: z.core.$ZodType): readonly string[] {
  return [...envelopeFields, 'data', ...fieldsBelow(schema, 'data', OFFERED_DEPTH_MAX)];
}

function fieldsBelow(schema: z.core.$ZodType, path: string, depth: number): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return fieldsBelow(schema.unwrap(), path, depth);
  if (schema instanceof z.ZodUnion)
    return [...new Set(schema.options.flatMap((option) => fieldsBelow(option, path, depth)))];
  if (!(schema instanceof z.ZodObject) || depth === 0) return [];
  return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([name, field]) => [
    `${path}.${name}`,
    ...fieldsBelow(field, `${path}.${name}`, depth - 1),
  ]);
}
