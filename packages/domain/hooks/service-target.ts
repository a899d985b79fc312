import type { z } from 'zod';
import {
  type EventTemplate,
  filled,
  mayHave,
  pathsOf,
  readTemplate,
  sampleOf,
  wholeOf,
} from './event-template.ts';

/** An operation of a service that takes events, as the service's definition declares it (HKS-4). */
export interface EventTaker {
  readonly service: string;
  readonly operation: string;
  readonly request: z.ZodObject;
  /** Templates of fields that a callback does not name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Those of fields that no callback may name. */
  readonly always?: Readonly<Record<string, string>> | undefined;
  /** Of several of its service: the one that is meant where none is named. */
  readonly isUnnamed?: true | undefined;
  /** Events that running it leads to, with the name of the service. */
  readonly emits: readonly string[];
}

/** What a callback names in place of an address: `service:notification/publish?channel=calls.{applicationId}`. */
export interface ServiceTarget {
  readonly taker: EventTaker;
  readonly templates: Readonly<Record<string, EventTemplate>>;
}

type Problem = { readonly problem: string };

const SCHEME = 'service:';

export const isServiceTarget = (url: string): boolean => url.toLowerCase().startsWith(SCHEME);

export const takerName = ({ service, operation }: Pick<EventTaker, 'service' | 'operation'>): string =>
  `${SCHEME}${service}/${operation}`;

/** What a callback names that gives these texts to the fields of an operation; a field without a text is left out. */
export function targetUrl(
  taker: Pick<EventTaker, 'service' | 'operation'>,
  texts: Readonly<Record<string, string>>,
): string {
  const said = Object.entries(texts).filter(([, text]) => text !== '');
  const query = said.map(([name, text]) => `${name}=${escaped(text)}`).join('&');
  return query === '' ? takerName(taker) : `${takerName(taker)}?${query}`;
}

/** What a URL reads otherwise, and nothing more: people read it, too. */
const escaped = (text: string): string =>
  text.replace(/[%&#+\p{Cc}]|^ | $/gu, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** The texts that a target gives to fields, as they were said: what its operation fills in by itself is left out. */
export function textsOf(url: string): Readonly<Record<string, string>> {
  return Object.fromEntries(URL.parse(url)?.searchParams ?? []);
}

/** Reads what is not said by any event: which operation, and what of its fields. */
export function readTarget(text: string, takers: readonly EventTaker[]): ServiceTarget | Problem {
  const url = URL.parse(text);
  if (url === null || url.protocol !== SCHEME || url.host !== '' || url.hash !== '')
    return { problem: `write it as ${SCHEME}notification?channel=calls` };
  const taker = takerOf(url.pathname, takers);
  if ('problem' in taker) return taker;
  const said: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (!Object.hasOwn(taker.request.shape, name))
      return { problem: `${takerName(taker)} has no field ${name}, but ${fieldNames(taker)}` };
    const always = taker.always?.[name];
    if (always !== undefined) return { problem: `${name} is ${always} here, and said by no callback` };
    if (Object.hasOwn(said, name)) return { problem: `${name} is said twice` };
    said[name] = value;
  }
  const templates: Record<string, EventTemplate> = {};
  for (const [name, value] of Object.entries({ ...taker.fields, ...said, ...taker.always })) {
    const template = readTemplate(value);
    if ('problem' in template) return { problem: `${name}: ${template.problem}` };
    templates[name] = template;
  }
  return { taker, templates };
}

/** Without an operation, the only one of its service, or the one that is meant then. */
function takerOf(path: string, takers: readonly EventTaker[]): EventTaker | Problem {
  const [service, operation, ...rest] = path.split('/');
  const found = takers.filter(
    (taker) => taker.service === service && (operation === undefined || taker.operation === operation),
  );
  const meant = found.filter(({ isUnnamed }) => isUnnamed === true);
  const [taker, other] = meant.length === 1 ? meant : found;
  const names = takers.map(takerName).toSorted().join(', ');
  if (taker === undefined || rest.length > 0)
    return { problem: `${SCHEME}${path} takes no events; these do: ${names}` };
  return other === undefined
    ? taker
    : { problem: `name the operation: ${found.map(takerName).join(' or ')}` };
}

const fieldNames = ({ request }: EventTaker): string => Object.keys(request.shape).join(', ');

/**
 * Why a target cannot take the events that it is to be told of, or undefined: so that what is wrong is refused when it is set.
 * @param events the data of each, by its name.
 */
export function refusalOfTarget(
  { taker, templates }: ServiceTarget,
  events: Readonly<Record<string, z.core.$ZodType>>,
): string | undefined {
  for (const [name, template] of Object.entries(templates))
    for (const path of pathsOf(template))
      for (const [event, schema] of Object.entries(events))
        if (!mayHave(schema, path)) return `${name}: ${event} has no field ${path.join('.')}`;
  for (const [name, field] of Object.entries<z.ZodType>(taker.request.shape)) {
    const template = templates[name];
    // What stands in the event is known when there is one.
    if (template !== undefined && wholeOf(template) !== undefined) continue;
    const parsed = field.safeParse(template === undefined ? undefined : asField(field, sampleOf(template)));
    if (!parsed.success)
      return template === undefined
        ? `${name} is missing`
        : `${name}: ${parsed.error.issues.map(({ message }) => message).join(' ')}`;
  }
  return undefined;
}

/** The request that an event becomes, or the path of the field that it has not. */
export function requestOf(
  { taker, templates }: ServiceTarget,
  event: unknown,
): { readonly request: Readonly<Record<string, unknown>> } | { readonly absent: string } {
  const request: Record<string, unknown> = {};
  for (const [name, template] of Object.entries(templates)) {
    const made = filled(template, event);
    if ('absent' in made) return made;
    const { value } = made;
    const field: z.ZodType | undefined = taker.request.shape[name];
    const isText = wholeOf(template) === undefined && field !== undefined && typeof value === 'string';
    request[name] = isText ? asField(field, value) : value;
  }
  return { request };
}

/** A URI has texts alone: where a field takes none, `3` and `true` are what they look like. */
function asField(field: z.ZodType, text: string): unknown {
  if (field.safeParse(text).success) return text;
  try {
    const value: unknown = JSON.parse(text);
    return field.safeParse(value).success ? value : text;
  } catch {
    return text;
  }
}
