import { measures } from '@patchbay/domain/triggers/measures';
import { showBitRate, showCount, showMetered, textOf } from '../../formats/quantity.ts';
import { showMoment } from '../../formats/time.ts';
import type { Outputs } from '../../trpc/client.ts';
import { meterOf, serviceTitle, unitOf } from '../usage/meters.ts';

export type Trigger = Outputs['triggers']['list']['items'][number];
export type Firing = Outputs['triggers']['listFirings']['items'][number];

/** What is counted: 'Bytes, direction in', 'signaling.session.ended, code signaling.node_lost'. */
export function counterText(counter: Trigger['counter']): string {
  if ('measure' in counter) return measures[counter.measure] ?? counter.measure;
  const subject = 'meter' in counter ? (meterOf(counter.meter)?.label ?? counter.meter) : counter.event;
  const filter = Object.entries(counter.where ?? {}).map(([name, value]) => `${name} ${value}`);
  return [subject, ...filter].join(', ');
}

/** Behind a field for a limit, which is in whole units. */
export const unitWords = {
  byte: 'bytes',
  millisecond: 'ms',
  packet: 'packets',
  character: 'characters',
  count: '',
} as const;

/** A count in the unit of what is counted, short enough for a table. */
export const countText = (counter: Trigger['counter'], count: string | number): string =>
  'meter' in counter ? textOf(showMetered(String(count), unitOf(counter.meter))) : showCount(count);

/**
 * What of an account is counted, behind its name: ', user:bob', ', Helpdesk', ' alone', or nothing for all of it. Of an
 * application the name, and its id where that is not known.
 *
 * @param applicationNames Undefined while they are asked for.
 */
export function partText(
  target: Trigger['target'],
  applicationNames: ReadonlyMap<string, string> | undefined,
): string {
  const { scope, applicationId, endpointId, credentialId, sessionId } = target;
  const application =
    applicationId &&
    (applicationNames === undefined ? '…' : (applicationNames.get(applicationId) ?? applicationId));
  const part = sessionId ?? credentialId ?? endpointId ?? application;
  if (part !== undefined) return `, ${part}`;
  return scope === 'own' ? ' alone' : '';
}

/** 'a month', 'in 5 min', 'since 4 Nov'. */
export function windowText(condition: Trigger['condition']): string {
  switch (condition.kind) {
    case 'threshold':
      return 'in all';
    case 'recurring':
      return `a ${condition.per}`;
    case 'rate':
      return condition.seconds % 60 === 0 ? `in ${condition.seconds / 60} min` : `in ${condition.seconds} s`;
  }
}

/** What is done, in words that fit behind 'then'. */
export function actionText(action: Trigger['action']): string {
  switch (action.kind) {
    case 'notify':
      return 'tell';
    case 'callback':
      return 'call a server';
    case 'suspend':
      return 'suspend the account';
    case 'endSessions':
      return action.nodeId === undefined ? 'end its sessions' : `end the sessions of ${action.nodeId}`;
    case 'throttle':
      return `hold to ${textOf(showBitRate(action.bitsPerSecondMax))}`;
    case 'disableService':
      return `turn ${serviceTitle(action.service).toLowerCase()} off`;
    case 'disableFeature':
      return `turn ${featureText(action.feature)} off`;
    case 'email':
      return action.address === undefined ? 'write to somebody' : `write to ${action.address}`;
  }
}

/** 'network discovery: relay', of a name as policies have it. */
export function featureText(feature: string): string {
  const [service = '', ...rest] = feature.split('.');
  return `${serviceTitle(service).toLowerCase()}: ${rest.join('.').replaceAll('-', ' ')}`;
}

const momentPattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

const namedPattern = /\b(?:whk|app)_[a-z0-9]+\b/g;

/**
 * What came of a firing, with its times by the clocks of whoever reads it, rates as the rest of the page has them, and the names of
 * what it names by id: the address of a webhook.
 */
export const outcomeText = (outcome: string, names: ReadonlyMap<string, string> = new Map()): string =>
  outcome
    .replaceAll(namedPattern, (id) => names.get(id) ?? id)
    .replaceAll(momentPattern, (at) => showMoment(at))
    .replaceAll(/\b(\d+) bit\/s/g, (_rate, bits: string) => textOf(showBitRate(Number(bits))));

/** How far a counter is on its way to the limit, from 0 to 1. */
export const shareOf = ({ value, condition }: Pick<Trigger, 'value' | 'condition'>): number =>
  Math.min(1, Number(value) / condition.limit);
