import { type LimitName, limitFields, limitNames } from '@patchbay/protocol/credential/limits';
import type { CredentialLimits } from '@patchbay/sdk-node';
import { type Command, InvalidArgumentError } from 'commander';
import { positiveInteger } from './positive-integer.ts';

interface LimitFlag {
  /** As it is typed, with what stands behind it. */
  readonly flag: string;
  readonly summary: string;
  /** How many of the limit's own unit one of the flag's is. */
  readonly perUnit?: number;
}

/** Whatever can be minted has a flag: a limit without one does not compile. */
const limitFlags: Readonly<Record<LimitName, LimitFlag>> = {
  identity: { flag: '--identity <name>', summary: 'who holds it' },
  applicationId: { flag: '--application <id>', summary: 'act for this application of the account' },
  instanceType: { flag: '--instance-type <name>', summary: 'and this instance type of it' },
  sessionId: { flag: '--session <id>', summary: 'for this session alone' },
  ttlSeconds: { flag: '--ttl <seconds>', summary: 'how long it is valid (3600)' },
  notBeforeMs: {
    flag: '--not-before <time>',
    summary: 'from when on it is valid, such as 2027-01-15T08:00Z',
  },
  usesMax: { flag: '--uses <count>', summary: 'how many clients may use it' },
  secondsMax: { flag: '--seconds <count>', summary: 'how long its allocations may last' },
  bytesMax: { flag: '--bytes <count>', summary: 'how much it may carry, both ways' },
  limitScope: { flag: '--scope <scope>', summary: 'where seconds and bytes count (total)' },
  limitOutcome: { flag: '--outcome <outcome>', summary: 'what happens at a limit (end)' },
  bandwidthClass: {
    flag: '--class <name>',
    summary: 'what it is to carry, with its bit rate and burst',
  },
  bitsPerSecondMax: {
    flag: '--kbps <rate>',
    summary: 'bit rate of one allocation, in thousands of bits a second',
    perUnit: 1_000,
  },
  burstBytes: { flag: '--burst <bytes>', summary: 'what may pass at once beside --kbps' },
  features: { flag: '--features <names>', summary: 'features of services, such as network-discovery.relay' },
  mediaKinds: { flag: '--media <kinds>', summary: 'what a session may carry' },
  regions: { flag: '--regions <names>', summary: 'where its relay may be' },
  countries: { flag: '--countries <codes>', summary: 'where the client may be, such as DE,FR' },
  deviceKinds: { flag: '--device-kinds <kinds>', summary: 'what the client may run on' },
  sourceCidrs: { flag: '--from <networks>', summary: 'where the client may come from, such as 192.0.2.0/24' },
  peerCidrs: { flag: '--to <networks>', summary: 'where a relay may send to' },
  endEvent: { flag: '--end-event <name>', summary: 'the event of its account that ends it' },
  endSubject: { flag: '--end-subject <id>', summary: 'whom that event has to be about' },
};

/** Adds a flag for each limit that a credential can have. */
export function addLimitFlags(command: Command): Command {
  for (const name of limitNames) {
    const { flag, summary } = limitFlags[name];
    command.option(flag, `${summary}${choicesOf(name)}`, (text: string) => readLimit(name, text));
  }
  return command;
}

/** The limits that were typed, by their names. */
export function limitsIn(flags: Readonly<Record<string, unknown>>): CredentialLimits {
  const entries = limitNames.flatMap((name) => {
    const typed = flags[propertyOf(limitFlags[name].flag)];
    return typed === undefined ? [] : [[name, typed] as const];
  });
  return Object.fromEntries(entries);
}

/** commander's name of a flag: `--not-before <time>` is `notBefore`. */
const propertyOf = (flag: string): string =>
  (flag.split(' ')[0] ?? '').slice(2).replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());

function choicesOf(name: LimitName): string {
  const field = limitFields[name];
  const choices = 'choices' in field ? field.choices : undefined;
  return choices === undefined ? '' : `: ${choices.join(', ')}`;
}

function readLimit(name: LimitName, text: string): unknown {
  const field = limitFields[name];
  switch (field.form) {
    case 'integer':
      return name === 'notBeforeMs'
        ? readTime(text)
        : positiveInteger(text) * (limitFlags[name].perUnit ?? 1);
    case 'list':
      return text.split(',').map((item) => chosen(item.trim(), field.choices));
    case 'choice':
      return chosen(text, field.choices);
    case 'text':
      return text;
  }
}

function chosen(text: string, choices: readonly string[] | undefined): string {
  if (choices?.includes(text) ?? text !== '') return text;
  throw new InvalidArgumentError(`It has to be some of ${choices?.join(', ') ?? 'a list'}.`);
}

function readTime(text: string): number {
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('It has to be a time such as 2027-01-15T08:00Z.');
  return timeMs;
}
