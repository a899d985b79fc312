import { offeredFields } from '@patchbay/domain/hooks/event-template';
import type { PatchCable } from '@patchbay/domain/hooks/patch-graph';
import { type EventTaker, textsOf } from '@patchbay/domain/hooks/service-target';
import { declaredPayloadOf } from '@patchbay/faces/event-catalogue';
import type { z } from 'zod';

/** What a form begins with: an event, an operation and what its fields say. */
export interface CableDraft {
  /** With the name of its service; '' to be chosen. */
  readonly eventType: string;
  /** As in `notification/publish`; '' to be chosen. */
  readonly target: string;
  readonly texts: Readonly<Record<string, string>>;
  /** The cable that is drawn anew. */
  readonly cable?: PatchCable;
}

export const targetName = ({ service, operation }: Pick<EventTaker, 'service' | 'operation'>): string =>
  `${service}/${operation}`;

export const draftOf = (cable: PatchCable): CableDraft => ({
  eventType: cable.eventType,
  target: targetName({ service: cable.to.box, operation: cable.to.port }),
  texts: textsOf(cable.url),
  cable,
});

export interface TargetField {
  readonly name: string;
  readonly isRequired: boolean;
  /** What an event fills it with where nothing is said. */
  readonly filledWith: string | undefined;
  /** What may be said, where that is one of a few. */
  readonly values: readonly string[];
}

/** The fields of an operation that a callback may say something of, those that it must first. */
export function fieldsOf({ request, fields, always = {} }: EventTaker): readonly TargetField[] {
  return Object.entries<z.ZodType>(request.shape)
    .filter(([name]) => !Object.hasOwn(always, name))
    .map(([name, schema]) => ({
      name,
      isRequired: !schema.safeParse(undefined).success && fields[name] === undefined,
      filledWith: fields[name],
      values: valuesOf(schema),
    }))
    .sort((one, other) => Number(other.isRequired) - Number(one.isRequired));
}

function valuesOf(schema: z.ZodType): readonly string[] {
  const json: { readonly enum?: unknown } = schema.toJSONSchema({ io: 'input', unrepresentable: 'any' });
  return Array.isArray(json.enum) ? json.enum.map(String) : [];
}

/** Which fields a form shows from the start: what has to be said, what is said, and the first where that is none. */
export function shownAtFirst(taker: EventTaker, texts: CableDraft['texts']): readonly string[] {
  const fields = fieldsOf(taker);
  const shown = fields.filter(({ name, isRequired }) => isRequired || texts[name] !== undefined);
  return (shown.length === 0 ? fields.slice(0, 1) : shown).map(({ name }) => name);
}

/** What of an event may stand in a text, in braces. */
export function placeholdersOf(eventType: string): readonly string[] {
  const payload = declaredPayloadOf(eventType);
  return payload === undefined ? [] : ['', ...offeredFields(payload)].map((field) => `{${field}}`);
}
