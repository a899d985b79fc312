import type { z } from 'zod';
import type { flow } from './flows.ts';
import { type CableEnd, type PatchBox, type PlacedBox, placeBoxes } from './patch-layout.ts';
import { type EventTaker, isServiceTarget, readTarget } from './service-target.ts';
import { matchesType } from './subscription.ts';

/** A service as a patch shows it: the events that it tells of, without its name. */
export interface PatchService {
  readonly name: string;
  readonly title: string;
  readonly events: readonly string[];
}

export type PatchFlow = z.output<typeof flow>;

/** What is looked at: an application, an instance type of it, or else all of the account. */
export interface PatchPlace {
  readonly applicationId?: string | undefined;
  readonly instanceType?: string | undefined;
}

export interface PatchFigures {
  readonly delivered: number;
  readonly failed: number;
  readonly waiting: number;
}

/** One event of one webhook or callback, to the address or the operation that it names or to that which it falls back to. */
export interface PatchCable {
  readonly key: string;
  readonly flow: PatchFlow;
  /** With the name of who tells of it; of a webhook perhaps `signaling.*`. */
  readonly eventType: string;
  readonly via: 'main' | 'fallback';
  /** Where it leads, as it is set. */
  readonly url: string;
  readonly from: CableEnd;
  readonly to: CableEnd;
  /** Set above the place that is looked at: it holds here, and is changed there. */
  readonly isInherited: boolean;
  /** A callback to an operation, set here or below: it can be drawn anew. */
  readonly isEditable: boolean;
  readonly lastHour: PatchFigures;
  readonly lastDay: PatchFigures;
}

export interface PatchGraph {
  readonly boxes: readonly PlacedBox[];
  readonly cables: readonly PatchCable[];
}

/** Of what no service tells of: accounts, keys, money and all else of the account. */
const ACCOUNT = 'account';

/**
 * A configuration as a drawing, and nothing more (HKS-5): each stored event of each webhook and callback is one cable, with one
 * more to what it falls back to. The same configuration is the same drawing, in whatever order it is read.
 */
export function patchGraph({
  services,
  takers,
  flows,
  place,
}: {
  readonly services: readonly PatchService[];
  readonly takers: readonly EventTaker[];
  readonly flows: readonly PatchFlow[];
  readonly place: PatchPlace;
}): PatchGraph {
  const cables = flows
    .flatMap((one) => cablesOfFlow(one, { services, takers, place }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const boxes = [
    ...services.map((service) => serviceBox(service, takers, cables)),
    ...otherBoxes(services, cables),
  ];
  return { boxes: placeBoxes(boxes, cables), cables };
}

interface Known {
  readonly services: readonly PatchService[];
  readonly takers: readonly EventTaker[];
  readonly place: PatchPlace;
}

function cablesOfFlow(one: PatchFlow, known: Known): readonly PatchCable[] {
  const isInherited = isSetAbove(one, known.place);
  const ends = [
    { via: 'main' as const, url: one.url },
    ...(one.fallbackUrl === undefined ? [] : [{ via: 'fallback' as const, url: one.fallbackUrl }]),
  ];
  return [...new Set(one.eventTypes)].flatMap((eventType) =>
    ends.map(({ via, url }) => {
      const to = inputOf(url, known.takers);
      return {
        key: [one.webhookId, eventType, via].join(' '),
        ...{ flow: one, eventType, via, url, from: outputOf(eventType, known.services), to, isInherited },
        isEditable: !isInherited && one.service !== undefined && via === 'main' && to.kind === 'service',
        lastHour: figuresOf(one, eventType, 'lastHour'),
        lastDay: figuresOf(one, eventType, 'lastDay'),
      };
    }),
  );
}

const isSetAbove = (one: PatchFlow, { applicationId, instanceType }: PatchPlace): boolean =>
  (applicationId !== undefined && one.applicationId !== applicationId) ||
  (instanceType !== undefined && one.instanceType !== instanceType);

function outputOf(eventType: string, services: readonly PatchService[]): CableEnd {
  const point = eventType.indexOf('.');
  const service = services.find(({ name }) => name === eventType.slice(0, point));
  return service === undefined
    ? { box: ACCOUNT, port: eventType }
    : { box: service.name, port: eventType.slice(point + 1) };
}

/** The path and the query of an address are nobody's to see in passing: many receivers are known by them alone. */
function inputOf(url: string, takers: readonly EventTaker[]): CableEnd & { readonly kind: PatchBox['kind'] } {
  if (!isServiceTarget(url))
    return { box: `address ${URL.parse(url)?.host ?? url}`, port: 'requests', kind: 'address' };
  const target = readTarget(url, takers);
  return 'problem' in target
    ? { box: `gone ${URL.parse(url)?.pathname ?? url}`, port: 'events', kind: 'gone' }
    : { box: target.taker.service, port: target.taker.operation, kind: 'service' };
}

function figuresOf({ counts }: PatchFlow, eventType: string, span: 'lastHour' | 'lastDay'): PatchFigures {
  const figures = counts.flatMap((count) => (matchesType(eventType, count.eventType) ? [count[span]] : []));
  const sum = (name: keyof PatchFigures) => figures.reduce((total, one) => total + one[name], 0);
  return { delivered: sum('delivered'), failed: sum('failed'), waiting: sum('waiting') };
}

function serviceBox(
  { name, title, events }: PatchService,
  takers: readonly EventTaker[],
  cables: readonly PatchCable[],
): PatchBox {
  const leaving = cables.flatMap(({ from }) => (from.box === name ? [from.port] : []));
  const coming = new Set(cables.flatMap(({ to }) => (to.box === name ? [to.port] : [])));
  const patterns = [...new Set(leaving)].filter((port) => !events.includes(port)).sort();
  const operations = takers.filter(({ service }) => service === name).map(({ operation }) => operation);
  return {
    ...{ key: name, kind: 'service', title },
    inputs: operations.map((key) => ({ key, isUsed: coming.has(key) })),
    outputs: [...patterns, ...events].map((key) => ({ key, isUsed: leaving.includes(key) })),
  };
}

/** What cables lead from and to besides services. */
function otherBoxes(services: readonly PatchService[], cables: readonly PatchCable[]): readonly PatchBox[] {
  const patterns = new Set(cables.flatMap(({ from }) => (from.box === ACCOUNT ? [from.port] : [])));
  const account: PatchBox = {
    ...{ key: ACCOUNT, kind: 'account', title: 'This account', inputs: [] },
    outputs: [...patterns].sort().map((key) => ({ key, isUsed: true })),
  };
  const ends = new Map(
    cables.flatMap(({ to }) => (services.some(({ name }) => name === to.box) ? [] : [[to.box, to.port]])),
  );
  const others = [...ends]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, port]): PatchBox => {
      const [kind = '', title = ''] = key.split(' ');
      return {
        ...{ key, kind: kind === 'gone' ? 'gone' : 'address', title },
        ...{ inputs: [{ key: port, isUsed: true }], outputs: [] },
      };
    });
  return patterns.size === 0 ? others : [account, ...others];
}
