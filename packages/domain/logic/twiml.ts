import type { ReadDocument } from './document.ts';
import { type AttributeRule, twimlRules } from './twiml-rules.ts';
import { documentSchema } from './verbs.ts';

/** An element as a parser of XML read it: names and attributes as they are written, entities resolved. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own, without that of its children. */
  readonly text: string;
}

const DEPTH_MAX = 10;

class Refusal extends Error {}

type Written = Readonly<Record<string, unknown>>;

/** A document of other platforms' form as one of ours, or the first thing in it that is not understood. */
export function documentOfTwiml(root: XmlElement): ReadDocument {
  try {
    if (root.name !== 'Response') throw new Refusal('/: The document is a Response.');
    refuseDepth(root, 1);
    const verbs = root.children.flatMap((element, index) =>
      verbsOf(element, `/Response/${element.name}[${index}]`),
    );
    const read = documentSchema.safeParse({ version: 1, verbs });
    if (read.success) return { document: read.data };
    const [issue] = read.error.issues;
    return { problem: `/${issue?.path.join('/') ?? ''}: ${issue?.message ?? 'It is no document.'}` };
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.message };
    throw error;
  }
}

function refuseDepth({ children }: XmlElement, depth: number): void {
  if (depth > DEPTH_MAX) throw new Refusal(`/: Elements stand at most ${DEPTH_MAX} deep in each other.`);
  for (const child of children) refuseDepth(child, depth + 1);
}

const readers: Readonly<Record<string, (element: XmlElement, at: string) => readonly Written[]>> = {
  Dial: dial,
  Pause: ({ attributes }, at) => {
    const seconds = whole(attributes, 'length', at) ?? 1;
    return seconds === 0 ? [] : [{ verb: 'pause', seconds }];
  },
  Redirect: ({ text }) => [{ verb: 'redirect', url: text.trim() }],
  Reject: ({ attributes: { reason } }) => [{ verb: 'reject', ...(reason === undefined ? {} : { reason }) }],
  Hangup: () => [{ verb: 'hangup' }],
  Message: message,
  Sms: message,
  Say: ({ text, attributes }, at) => [
    {
      verb: 'say',
      text: text.trim(),
      ...named(attributes, { voice: 'voice', language: 'language' }),
      ...repeats(attributes, at),
    },
  ],
  Play: ({ text, attributes }, at) => [{ verb: 'play', url: text.trim(), ...repeats(attributes, at) }],
  Gather: gather,
  Record: ({ attributes }, at) => [
    {
      verb: 'record',
      ...counted('secondsMax', whole(attributes, 'maxLength', at)),
      ...counted('silenceSecondsMax', whole(attributes, 'timeout', at)),
      ...named(attributes, { action: 'next', finishOnKey: 'finishOn' }),
    },
  ],
  Enqueue: ({ text, attributes }) => [
    { verb: 'enqueue', queue: text.trim(), ...named(attributes, { action: 'next' }) },
  ],
  Connect: media,
  Start: media,
};

function verbsOf(element: XmlElement, at: string): readonly Written[] {
  const read = Object.hasOwn(readers, element.name) ? readers[element.name] : undefined;
  if (read === undefined) throw new Refusal(`${at}: The verb ${element.name} is not carried out.`);
  refuseAttributes(element, at);
  return read(element, at);
}

const rules: Readonly<Record<string, Readonly<Record<string, AttributeRule>>>> = twimlRules;

/** What is not understood is refused by its name: a document that does half of what it says helps nobody. */
function refuseAttributes({ name, attributes }: XmlElement, at: string): void {
  const known = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (known === undefined) throw new Refusal(`${at}: ${name} is not understood here.`);
  for (const [attribute, value] of Object.entries(attributes)) {
    const rule = Object.hasOwn(known, attribute) ? known[attribute] : undefined;
    if (rule === undefined) throw new Refusal(`${at}: The attribute ${attribute} is not understood.`);
    if (rule.stands === 'refused')
      throw new Refusal(`${at}: The attribute ${attribute} is refused: ${rule.note}.`);
    if (attribute === 'method' && value.toUpperCase() !== 'POST')
      throw new Refusal(`${at}: Documents are asked for by POST, not by ${value}.`);
  }
}

function dial(element: XmlElement, at: string): readonly Written[] {
  const { attributes, children, text } = element;
  if ((attributes.record ?? 'do-not-record') !== 'do-not-record')
    throw new Refusal(`${at}: The attribute record is refused: nothing is recorded yet.`);
  const [only] = children;
  if (only?.name === 'Conference' || only?.name === 'Queue') {
    refuseAttributes(only.name === 'Queue' ? { ...only, name: 'Enqueue' } : only, `${at}/${only.name}`);
    const name = only.text.trim();
    return [only.name === 'Queue' ? { verb: 'agent', queue: name } : conference(attributes, only, at)];
  }
  if (attributes.hangupOnStar === 'true')
    throw new Refusal(`${at}: The attribute hangupOnStar is refused: keys are not heard while two talk.`);
  const to = [
    ...(text.trim() === '' ? [] : [targetOf(text)]),
    ...children.map((child, index) => nounOf(child, `${at}/${child.name}[${index}]`)),
  ];
  return [
    {
      verb: 'dial',
      to,
      ...(attributes.sequential === 'true' ? { ring: 'one' } : {}),
      ...counted('timeoutSeconds', whole(attributes, 'timeout', at)),
      ...counted('secondsMax', whole(attributes, 'timeLimit', at)),
      ...named(attributes, { action: 'next' }),
    },
  ];
}

const beeps: Readonly<Record<string, string>> = {
  true: 'both',
  false: 'none',
  onEnter: 'enter',
  onExit: 'exit',
};

/** What its Dial says of two who talk has no meaning in a room. */
function conference(
  dialled: XmlElement['attributes'],
  { attributes, text, children }: XmlElement,
  at: string,
): Written {
  const place = `${at}/Conference`;
  if (children.length > 0) throw new Refusal(`${place}: In a Conference stands its name, and nothing else.`);
  if (dialled.timeLimit !== undefined)
    throw new Refusal(`${at}: The attribute timeLimit is refused: a room has its own end.`);
  if ((attributes.record ?? 'do-not-record') !== 'do-not-record')
    throw new Refusal(`${place}: The attribute record is refused: nothing is recorded yet.`);
  const { beep } = attributes;
  const tones = beep === undefined ? undefined : beeps[beep];
  if (beep !== undefined && tones === undefined)
    throw new Refusal(
      `${place}: beep is true, false, onEnter or onExit, not ${JSON.stringify(beep.slice(0, 50))}.`,
    );
  return {
    verb: 'conference',
    name: text.trim(),
    ...flag('isMuted', attributes.muted),
    ...flag('startsRoom', attributes.startConferenceOnEnter),
    ...flag('endsWithMe', attributes.endConferenceOnExit),
    ...(tones === undefined ? {} : { tones }),
    ...named(attributes, { waitUrl: 'waitUrl' }),
    ...counted('participantCountMax', whole(attributes, 'maxParticipants', place)),
    ...(dialled.hangupOnStar === 'true' ? { leaveOn: '*' } : {}),
    ...named(dialled, { action: 'next' }),
  };
}

const flag = (name: string, value: string | undefined): Written =>
  value === undefined ? {} : { [name]: value === 'true' };

function nounOf(element: XmlElement, at: string): string {
  refuseAttributes(element, at);
  switch (element.name) {
    case 'Client': {
      const [child] = element.children;
      if (element.children.length > 1 || (child !== undefined && child.name !== 'Identity'))
        throw new Refusal(`${at}: In a Client stands an Identity, and nothing else.`);
      return `user:${(child ?? element).text.trim()}`;
    }
    case 'Number':
      return targetOf(element.text);
    case 'Sip':
      return element.text.trim();
    default:
      throw new Refusal(`${at}: Nobody is dialled by ${element.name}.`);
  }
}

/** A number, or what is an endpoint already, as `client:bob` is of other platforms. */
function targetOf(text: string): string {
  const target = text.trim();
  if (target.startsWith('client:')) return `user:${target.slice('client:'.length)}`;
  if (/^[a-z][a-z0-9-]*:/.test(target)) return target;
  return `tel:${target.replaceAll(/[-.()\s]/g, '')}`;
}

function message({ text, attributes: { to }, children }: XmlElement, at: string): readonly Written[] {
  for (const child of children)
    if (child.name !== 'Body') throw new Refusal(`${at}/${child.name}: A message has text alone.`);
  const body = [text, ...children.map((child) => child.text)].map((part) => part.trim()).join('');
  return [{ verb: 'message', text: body, ...(to === undefined ? {} : { to: targetOf(to) }) }];
}

function gather({ attributes, children }: XmlElement, at: string): readonly Written[] {
  const inputs: Readonly<Record<string, string>> = { dtmf: 'keys', speech: 'speech' };
  const { input } = attributes;
  return [
    {
      verb: 'gather',
      ...(input === undefined ? {} : { input: inputs[input] ?? 'any' }),
      ...counted('digitsMax', whole(attributes, 'numDigits', at)),
      ...counted('timeoutSeconds', whole(attributes, 'timeout', at)),
      ...named(attributes, { action: 'next', language: 'language' }),
      // Elsewhere # ends it where nothing is said, and no key where the attribute is empty.
      ...(attributes.finishOnKey === '' ? {} : { finishOn: attributes.finishOnKey ?? '#' }),
      prompts: children.flatMap((child, index) => verbsOf(child, `${at}/${child.name}[${index}]`)),
    },
  ];
}

function media({ name, children }: XmlElement, at: string): readonly Written[] {
  return children.map((child, index) => {
    const place = `${at}/${child.name}[${index}]`;
    refuseAttributes(child, place);
    if (child.name === 'Stream')
      return { verb: 'stream', ...named(child.attributes, { url: 'url', name: 'name' }) };
    if (child.name === 'Transcription')
      return { verb: 'transcribe', ...named(child.attributes, { languageCode: 'language' }) };
    throw new Refusal(`${place}: ${name} cannot begin ${child.name}.`);
  });
}

const named = (attributes: XmlElement['attributes'], names: Readonly<Record<string, string>>): Written =>
  Object.fromEntries(
    Object.entries(names).flatMap(([from, to]) =>
      attributes[from] === undefined ? [] : [[to, attributes[from]]],
    ),
  );

const counted = (name: string, value: number | undefined): Written =>
  value === undefined ? {} : { [name]: value };

const repeats = (attributes: XmlElement['attributes'], at: string): Written =>
  counted('repeatCount', whole(attributes, 'loop', at));

function whole(attributes: XmlElement['attributes'], name: string, at: string): number | undefined {
  const text = attributes[name];
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new Refusal(`${at}: ${name} is a whole number, not ${JSON.stringify(text.slice(0, 50))}.`);
  return Number(text);
}
