import { type LogEntry, modeLooks, type Session } from '../session.ts';

export interface Span {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: string;
  readonly colour: `--${string}`;
}

export interface Lane {
  readonly key: string;
  readonly label: string;
  readonly spans: readonly Span[];
}

export interface Sample {
  readonly atMs: number;
  readonly legId: string;
  readonly sentBitsPerSecond: number;
  readonly receivedBitsPerSecond: number;
  /** Null where it was not measured. */
  readonly rttMs: number | null;
  readonly lossRatio: number | null;
}

export const legColours = [
  '--series-1',
  '--series-2',
  '--series-3',
  '--series-4',
  '--series-5',
  '--series-6',
] as const;
export const legColour = (index: number): `--${string}` =>
  legColours[index % legColours.length] ?? '--series-1';

/** How media flowed, from the changes of mode in the log. */
export function modeLane(session: Session, log: readonly LogEntry[], endMs: number): Lane {
  const changes = [
    { atMs: Date.parse(session.startedAt), mode: 'pending' as Session['mode'] },
    ...log.flatMap(({ kind, at, data }) =>
      kind === 'mode.changed' && isMode(data.mode) ? [{ atMs: Date.parse(at), mode: data.mode }] : [],
    ),
  ];
  const spans = changes.map(({ atMs, mode }, index) => ({
    key: String(index),
    fromMs: atMs,
    toMs: changes[index + 1]?.atMs ?? endMs,
    ...modeLooks[mode],
  }));
  return { key: 'mode', label: 'Media', spans };
}

export const isMode = (value: unknown): value is Session['mode'] =>
  typeof value === 'string' && value in modeLooks;

/** One lane for each participant: ringing, then what it sent, a new span at each change (MET-4). */
export function legLanes(session: Session, log: readonly LogEntry[], endMs: number): readonly Lane[] {
  return session.legs.map((leg, index) => {
    const own = log.filter(({ legId }) => legId === leg.id);
    const ringing = own.find(({ kind }) => kind === 'leg.ringing');
    const joinedMs = leg.joinedAt === undefined ? undefined : Date.parse(leg.joinedAt);
    const leftMs = leg.leftAt === undefined ? endMs : Date.parse(leg.leftAt);
    const sent = own.flatMap(({ kind, at, data }) =>
      kind === 'leg.joined' || kind === 'media.changed'
        ? [{ atMs: Date.parse(at), label: mediaText(data.media) }]
        : [],
    );
    const starts = sent.length > 0 || joinedMs === undefined ? sent : [{ atMs: joinedMs, label: '' }];
    const spans: Span[] = starts.map(({ atMs, label }, at) => ({
      key: `media-${at}`,
      fromMs: atMs,
      toMs: starts[at + 1]?.atMs ?? leftMs,
      label,
      colour: legColour(index),
    }));
    if (ringing !== undefined) {
      const toMs = starts[0]?.atMs ?? leftMs;
      spans.unshift({
        key: 'ringing',
        fromMs: Date.parse(ringing.at),
        toMs,
        label: 'ringing',
        colour: '--ink-faint',
      });
    }
    return { key: leg.id, label: leg.identity ?? namelessOf(session), spans };
  });
}

const mediaText = (media: unknown): string =>
  typeof media === 'object' && media !== null
    ? Object.entries(media)
        .filter(([, isSent]) => isSent === true)
        .map(([kind]) => kind)
        .join(', ')
    : '';

export function samplesOf(log: readonly LogEntry[]): readonly Sample[] {
  return log.flatMap(({ kind, at, legId, data }) =>
    kind === 'quality.sampled' && legId !== undefined
      ? [
          {
            atMs: Date.parse(at),
            legId,
            sentBitsPerSecond: Number(data.sentBitsPerSecond ?? 0),
            receivedBitsPerSecond: Number(data.receivedBitsPerSecond ?? 0),
            rttMs: measured(data.rttMs),
            lossRatio: measured(data.lossRatio),
          },
        ]
      : [],
  );
}

const measured = (value: LogEntry['data'][string] | undefined): number | null =>
  value === undefined ? null : Number(value);

/** The mean bit rate both ways of the busiest leg: what one sends the other receives. Undefined without a sample. */
export function meanBitsPerSecond(log: readonly LogEntry[]): number | undefined {
  const samples = samplesOf(log);
  if (samples.length === 0) return undefined;
  const means = [...Map.groupBy(samples, ({ legId }) => legId).values()].map(
    (ofLeg) =>
      ofLeg.reduce((sum, one) => sum + one.sentBitsPerSecond + one.receivedBitsPerSecond, 0) / ofLeg.length,
  );
  return Math.max(...means);
}

/** Of whom no name is known: in a call it is somebody of another account (LIV-0). */
export const namelessOf = ({ kind }: Pick<Session, 'kind'>): string =>
  kind === 'relay' ? 'a client' : 'another account';

/** The samples of each leg on one list of times, as a chart takes them. */
export function seriesOf(
  session: Session,
  samples: readonly Sample[],
  read: (sample: Sample) => number | null,
) {
  const times = [...new Set(samples.map(({ atMs }) => atMs))].sort((left, right) => left - right);
  const places = new Map(times.map((atMs, index) => [atMs, index]));
  const series = session.legs.map((leg, index) => {
    const values: (number | null)[] = times.map(() => null);
    for (const sample of samples) {
      const place = places.get(sample.atMs);
      if (sample.legId === leg.id && place !== undefined) values[place] = read(sample);
    }
    return { label: leg.identity ?? namelessOf(session), colour: legColour(index), values };
  });
  return { times: times.map((atMs) => atMs / 1_000), series };
}

/** More than hear of one line: between the numbers of two lines there is room for as many. */
const HOOK_PLACES = 4_096;

/**
 * The log with a line of its own for each time that somebody was told of one, or an operation ran for it (HKS-4): behind that
 * line, at the time of the last request.
 */
export const withHooks = (log: readonly LogEntry[]): readonly LogEntry[] =>
  log.flatMap(({ hooks = [], ...line }) => [
    line,
    ...hooks.map(
      ({ at, ...data }, index): LogEntry => ({
        sequence: line.sequence + (index + 1) / HOOK_PLACES,
        at: at ?? line.at,
        kind: hookKind,
        ...(line.legId === undefined ? {} : { legId: line.legId }),
        data: { ofKind: line.kind, ...data },
      }),
    ),
  ]);

export const hookKind = 'hook.executed';

/** The events that are dots on the time axis: all but the samples, which are the charts. */
export const eventsOf = (log: readonly LogEntry[]): readonly LogEntry[] =>
  log.filter(({ kind }) => kind !== 'quality.sampled');

/** The data of a log line in words: '1.2 Mbit/s' stays a number, 'audio, video' is what is on. */
export function dataText(data: LogEntry['data']): string {
  return Object.entries(data)
    .filter(([name]) => !saidBeside.has(name))
    .map(([name, value]) => [wordsOf(name), valueText(value)] as const)
    .filter(([, text]) => text !== '')
    .map(([name, text]) => (name === 'reason' ? text : `${name} ${text}`))
    .join(' · ');
}

/** The leg has its own column. */
const saidBeside: ReadonlySet<string> = new Set(['identity', 'accountId']);

const wordsOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/ ms$/, ', ms');

function valueText(value: LogEntry['data'][string]): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  // A refusal is said in its words, and its code and its address are for programs.
  if ('title' in value && typeof value.title === 'string') return value.title.replace(/\.$/, '');
  const fields = Object.entries(value);
  // What is on is named, and what is off is not.
  if (fields.every(([, field]) => typeof field === 'boolean')) {
    return fields.flatMap(([name, isOn]) => (isOn === true ? [name] : [])).join(', ') || 'nothing';
  }
  return fields.flatMap(([, field]) => valueText(field) || []).join(', ');
}
