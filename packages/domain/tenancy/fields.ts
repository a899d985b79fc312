import { z } from 'zod';

/**
 * Characters that are seen nowhere, or that turn or break the line they stand in: what is none is written as it is. The two that
 * join letters, as in Persian and in symbols, are seen by what they join.
 */
const UNSEEN = String.raw`\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0`;
const JOINERS = String.raw`\u200c\u200d`;
export const unseenCharacters = new RegExp(`(?![${JOINERS}])[${UNSEEN}]`, 'gu');

/** On one line, in one direction: a name stands in lists, logs and sentences about others, and must not rearrange them. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(
    new RegExp(`^[^${UNSEEN}](?:[^${UNSEEN}]|[${JOINERS}])*$`, 'u'),
    'A name has no line breaks, nothing that cannot be seen, and nothing that turns the direction of text.',
  );

/** As somebody sets it. */
export const password = z.string().min(10).max(200);

export const dateTime = z.iso.datetime();

export const accountStates = ['active', 'suspended', 'closed'] as const;

export const scope = z
  .string()
  .regex(/^(\*|[a-z][a-z-]*:(\*|read|[a-zA-Z]+))$/, 'A scope is *, name:*, name:read or name:operation.');
