/** What an assertion says, and whether it says it here and now (SAML Core §2, SAML Profiles §4.1.4). */
import type { Asserted } from '@patchbay/domain/sso/saml-attributes';
import type { ServiceProviderNames } from './metadata.ts';
import { refuse } from './saml-refused.ts';
import { ASSERTION, attributeOf, children, textOf } from './strict-xml.ts';

/** How far the clock of a provider may be off. */
const SKEW_MS = 60_000;
/** However long a provider lets its assertions hold: for so long the id of one that was used is kept. */
export const ASSERTION_LIFETIME_MAX_MS = 3_600_000;
const NAME_ID_CHARACTERS_MAX = 256;
const ATTRIBUTE_COUNT_MAX = 200;
const VALUE_COUNT_MAX = 2_000;
const VALUE_CHARACTERS_MAX = 1_000;

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
/** §2.5.1: a condition that nobody here knows is not met. */
const conditionNames: readonly string[] = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];

export interface Expected {
  /** The entity id of the provider. */
  readonly issuer: string;
  readonly names: ServiceProviderNames;
  /** Of the request that this browser was sent with. Undefined: there was none, and none may be named. */
  readonly requestId: string | undefined;
  readonly nowMs: number;
}

export interface ReadAssertion {
  readonly asserted: Asserted;
  readonly id: string;
  /** From then on it is refused for its age. */
  readonly endsMs: number;
}

/** Throws a ProviderError for what does not hold. */
export function readAssertion(assertion: Element, expected: Expected): ReadAssertion {
  const { issuer, nowMs } = expected;
  const one = (parent: Element, localName: string) => {
    const found = children(parent, ASSERTION, localName);
    return found.length === 1 ? found[0] : undefined;
  };
  const said = textOf(one(assertion, 'Issuer'));
  if (said !== issuer) refuse('saml_issuer', `It says ${said ?? 'nothing'}, and ${issuer} is set.`);
  const id = attributeOf(assertion, 'ID') ?? '';
  if (id === '' || children(assertion, ASSERTION, 'AuthnStatement').length === 0) refuse('saml_unreadable');
  const issuedMs = instantOf(assertion, 'IssueInstant');
  if (issuedMs > nowMs + SKEW_MS) refuse('saml_time', 'It was issued in the future.');
  const subject = one(assertion, 'Subject') ?? refuse('saml_subject');
  const conditions = one(assertion, 'Conditions') ?? refuse('saml_audience', 'It has no conditions.');
  const nameId = nameIdOf(subject);
  const confirmedUntilMs = confirm(subject, expected);
  readAudience(conditions, expected);
  if (earliestOf(conditions) > nowMs + SKEW_MS) refuse('saml_time', 'It does not hold yet.');
  const untilMs = Math.min(
    confirmedUntilMs,
    instantOf(conditions, 'NotOnOrAfter'),
    issuedMs + ASSERTION_LIFETIME_MAX_MS,
  );
  if (untilMs + SKEW_MS <= nowMs) refuse('saml_time', 'It holds no longer.');
  return { asserted: { issuer, nameId, attributes: attributesOf(assertion) }, id, endsMs: untilMs + SKEW_MS };
}

function nameIdOf(subject: Element): string {
  const named = children(subject, ASSERTION, 'NameID');
  const [nameId] = named;
  const text = textOf(nameId);
  if (nameId === undefined || named.length > 1 || text === undefined || text.length > NAME_ID_CHARACTERS_MAX)
    return refuse('saml_subject');
  if (attributeOf(nameId, 'Format') === TRANSIENT) refuse('saml_subject', 'Its NameID is transient.');
  return text;
}

/** §4.1.4.3: by a bearer, at this address, as the answer to this request. Answers until when. */
function confirm(subject: Element, { names, requestId, nowMs }: Expected): number {
  const confirmations = children(subject, ASSERTION, 'SubjectConfirmation')
    .filter((one) => attributeOf(one, 'Method') === BEARER)
    .flatMap((one) => children(one, ASSERTION, 'SubjectConfirmationData'));
  const here = confirmations.filter((one) => attributeOf(one, 'Recipient') === names.acsUrl);
  if (here.length === 0) {
    const [other] = confirmations.map((one) => attributeOf(one, 'Recipient'));
    refuse('saml_recipient', `It names ${other ?? 'nothing'}, and ${names.acsUrl} is right.`);
  }
  const asked = here.filter((one) => attributeOf(one, 'InResponseTo') === requestId);
  if (asked.length === 0) refuse('saml_unasked');
  // §4.1.4.2: one of a bearer has an end, and no beginning.
  const untilMs = Math.max(
    ...asked
      .filter((one) => attributeOf(one, 'NotBefore') === undefined || earliestOf(one) <= nowMs + SKEW_MS)
      .map((one) => instantOf(one, 'NotOnOrAfter')),
  );
  return Number.isFinite(untilMs) ? untilMs : refuse('saml_time', 'It does not hold yet.');
}

/** §2.5.1.4: each restriction is met, and there is one. */
function readAudience(conditions: Element, { names }: Expected): void {
  const unknown = children(conditions).find(({ localName }) => !conditionNames.includes(localName));
  if (unknown !== undefined)
    refuse('saml_audience', `It has a condition that nobody knows here: ${unknown.localName}.`);
  const restrictions = children(conditions, ASSERTION, 'AudienceRestriction').map((one) =>
    children(one, ASSERTION, 'Audience').map(textOf),
  );
  const isHere =
    restrictions.length > 0 && restrictions.every((audiences) => audiences.includes(names.entityId));
  if (!isHere)
    refuse(
      'saml_audience',
      `It names ${restrictions.flat()[0] ?? 'nobody'}, and ${names.entityId} is right.`,
    );
}

/** A time in UTC (Core §1.3.3). What is none is no time at which anything holds. */
function instantOf(element: Element, name: string): number {
  const text = attributeOf(element, name) ?? '';
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? refuse('saml_time', `It has no ${name}, or none that is a time in UTC.`) : ms;
}

const earliestOf = (element: Element): number =>
  attributeOf(element, 'NotBefore') === undefined ? 0 : instantOf(element, 'NotBefore');

function attributesOf(assertion: Element): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const statements = children(assertion, ASSERTION, 'AttributeStatement');
  const attributes = statements.flatMap((statement) => children(statement, ASSERTION, 'Attribute'));
  for (const attribute of attributes.slice(0, ATTRIBUTE_COUNT_MAX)) {
    const values = children(attribute, ASSERTION, 'AttributeValue')
      .slice(0, VALUE_COUNT_MAX)
      // A value with elements of its own is no text.
      .map((value) => (children(value).length === 0 ? textOf(value) : undefined))
      .filter((value) => value !== undefined && value.length <= VALUE_CHARACTERS_MAX);
    for (const name of [attributeOf(attribute, 'Name'), attributeOf(attribute, 'FriendlyName')])
      if (name !== undefined)
        found.set(name, [...(found.get(name) ?? []), ...values.filter((value) => value !== undefined)]);
  }
  return found;
}
