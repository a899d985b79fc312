import { z } from 'zod';

/** On one line, in one direction: a name stands in lists, logs and sentences about others, and must not rearrange them. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(
    /^[^\p{Cc}\p{Bidi_Control}]*$/u,
    'A name has no line breaks and nothing that turns the direction of text.',
  );

/** As somebody sets it. */
export const password = z.string().min(10).max(200);

export const dateTime = z.iso.datetime();

export const accountStates = ['active', 'suspended', 'closed'] as const;

export const scope = z
  .string()
  .regex(/^(\*|[a-z][a-z-]*:(\*|read|[a-zA-Z]+))$/, 'A scope is *, name:*, name:read or name:operation.');
