import type { z } from 'zod';
import { problemOf, remedyOf } from '../problem/problem.ts';

/** What is wrong with a field, in a sentence, by the field's name. */
export type FieldMessages = Readonly<Record<string, string>>;

/** Why a schema refuses what stands in a form: the first reason for each field, in words for whoever filled it in. */
export function messagesOf({ issues }: z.ZodError, values: unknown): FieldMessages {
  const messages: Record<string, string> = {};
  for (const issue of issues) {
    const field = String(issue.path[0] ?? '');
    messages[field] ??= sentenceOf(issue, valueAt(values, issue.path));
  }
  return messages;
}

function sentenceOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === '' || value === undefined) return 'Fill this in.';
  switch (issue.code) {
    case 'too_small':
      if (typeof value === 'number') return `At least ${whole.format(issue.minimum)}.`;
      if (typeof value === 'string') return value.trim() === '' ? 'Fill this in.' : atLeast(issue.minimum);
      return 'Choose at least one.';
    case 'too_big':
      if (typeof value === 'number') return `At most ${whole.format(issue.maximum)}.`;
      return `At most ${issue.maximum} ${typeof value === 'string' ? 'characters' : 'of them'}.`;
    case 'invalid_format':
      if (issue.format === 'email') return 'This is not an e-mail address, such as ada@example.com.';
      return typeof value === 'string' ? `“${value}”: ${issue.message}` : issue.message;
    case 'invalid_type':
      return issue.expected === 'int' || issue.expected === 'number'
        ? 'A whole number, such as 3600.'
        : issue.message;
    default:
      return issue.message;
  }
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

const atLeast = (minimum: number | bigint): string => `At least ${minimum} characters.`;

const valueAt = (values: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    values,
  );

/** Which field a code of a refusal is about, where it is about one; with `isExplained`, why and what to do stand there too. */
export type FieldsByCode = Readonly<
  Record<string, string | { readonly field: string; readonly isExplained: true }>
>;

/** Whose detail names the field that it is about: '/timeZone: Too long'. */
const codesOfFields: readonly string[] = ['request.invalid', 'request.too_many', 'config.wider'];

/** What a refusal of the platform says about single fields; empty where it is about the whole. */
export function messagesOfRefusal(refusal: unknown, fieldsByCode: FieldsByCode): FieldMessages {
  if (refusal === null || refusal === undefined) return {};
  const { code, title, detail } = problemOf(refusal);
  const field = fieldsByCode[code];
  if (typeof field === 'string') return { [field]: title };
  if (field !== undefined)
    return { [field.field]: [title, detail, remedyOf(code)].filter(Boolean).join(' ') };
  if (!codesOfFields.includes(code)) return {};
  const places = detail.split('; ').map((place) => /^\/(\w+)[^:]*: (.+)$/.exec(place));
  if (places.some((place) => place === null)) return {};
  return Object.fromEntries(places.map((place) => [place?.[1] ?? '', place?.[2] ?? '']));
}
