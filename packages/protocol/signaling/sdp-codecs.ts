/** Payload types with a meaning of their own, which nobody has to map (RFC 3551 §6). */
const staticCodecs: ReadonlyMap<string, string> = new Map([
  ['0', 'pcmu'],
  ['3', 'gsm'],
  ['8', 'pcma'],
  ['9', 'g722'],
  ['13', 'cn'],
  ['18', 'g729'],
]);

/** What comes beside a codec: repetitions, corrections, tones and silence. Of itself none of it is sound or picture. */
const companions: ReadonlySet<string> = new Set([
  'rtx',
  'red',
  'ulpfec',
  'flexfec-03',
  'telephone-event',
  'cn',
]);

/** A companion of a companion of a codec is as far as anybody goes: repetitions of a redundant coding. */
const COMPANION_DEPTH_MAX = 3;

/** Of each stream that a description opens, the codecs in the order in which they are wished, in small letters. */
export function codecsIn(sdp: string): readonly (readonly string[])[] {
  return sectionsIn(linesIn(sdp))
    .flatMap((section) => streamOf(section) ?? [])
    .map((stream) => [...new Set(stream.payloads.flatMap((payload) => stream.codecsOf(payload)))])
    .map((names) => names.filter((name) => !companions.has(name)));
}

/**
 * The description with nothing in it that is coded with anything else: both sides then agree on what is left (RFC 3264
 * §6.1). A stream that has none of them is left as it is: whoever asks has refused it.
 */
export function withCodecs(sdp: string, allowed: readonly string[]): string {
  return sectionsIn(linesIn(sdp))
    .flatMap((section) => {
      const stream = streamOf(section);
      return stream === undefined ? section : withPayloads(section, stream, allowed);
    })
    .join('\r\n');
}

const linesIn = (sdp: string): readonly string[] => sdp.split(/\r?\n/);

/** What stands before the first stream, and each stream, line by line (RFC 8866 §5). */
function sectionsIn(lines: readonly string[]): readonly (readonly string[])[] {
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections;
}

interface Stream {
  /** `m=` and what else stands before the payload types. */
  readonly head: string;
  readonly payloads: readonly string[];
  /** Every name that a payload type is given: who gives it two is held to both. */
  readonly codecsOf: (payload: string) => readonly string[];
  /** The payload types that it is a companion of. */
  readonly sourcesOf: (payload: string) => readonly string[];
}

/** A section of sound or pictures over RTP that somebody wants; undefined for any other (RFC 8866 §5.14). */
function streamOf(section: readonly string[]): Stream | undefined {
  const [media = '', ...rest] = section;
  const [kind = '', port = '', transport = '', ...payloads] = media.trimEnd().split(/ +/);
  const isOverRtp = transport.split('/').includes('RTP');
  if ((kind !== 'm=audio' && kind !== 'm=video') || !isOverRtp || payloads.length === 0) return undefined;
  // RFC 9143 §6: a section that is bundled alone has no port of its own and is wanted all the same.
  if (port === '0' && !rest.includes('a=bundle-only')) return undefined;
  const names = new Map<string, string[]>();
  const sources = new Map<string, string[]>();
  for (const line of rest) {
    const [, mapped, name] = /^a=rtpmap: *(\d+) +([^/\s]+)/.exec(line) ?? [];
    if (mapped !== undefined && name !== undefined) addTo(names, mapped, name.toLowerCase());
    // RFC 4588 §8.6: `apt`. RFC 2198 §5: the payload types that a redundant coding is of.
    const [, formatted, apt, redundant] =
      /^a=fmtp: *(\d+) +(?:(?:.*;)? *apt=(\d+)|(\d+(?:\/\d+)*) *$)/.exec(line) ?? [];
    const of = apt ?? redundant;
    if (formatted !== undefined && of !== undefined)
      for (const source of of.split('/')) addTo(sources, formatted, source);
  }
  return {
    head: [kind, port, transport].join(' '),
    payloads,
    codecsOf: (payload) => names.get(payload) ?? [staticCodecs.get(payload) ?? 'unknown'],
    sourcesOf: (payload) => sources.get(payload) ?? [],
  };
}

function addTo(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key) ?? [];
  list.push(item);
  lists.set(key, list);
}

function withPayloads(
  section: readonly string[],
  { head, payloads, codecsOf, sourcesOf }: Stream,
  allowed: readonly string[],
): readonly string[] {
  const kept = new Set(
    payloads.filter((payload) => codecsOf(payload).every((name) => allowed.includes(name))),
  );
  if (kept.size === 0) return section;
  const beside = payloads.filter((payload) => codecsOf(payload).every((name) => companions.has(name)));
  for (let depth = 0; depth < COMPANION_DEPTH_MAX; depth++)
    for (const payload of beside)
      if (sourcesOf(payload).every((source) => kept.has(source))) kept.add(payload);
  if (payloads.every((payload) => kept.has(payload))) return section;
  const [, ...rest] = section;
  const isKept = (line: string) => {
    const [, payload] = /^a=(?:rtpmap|fmtp|rtcp-fb): *(\d+)\b/.exec(line) ?? [];
    return payload === undefined || kept.has(payload);
  };
  const left = payloads.filter((payload) => kept.has(payload));
  return [`${head} ${left.join(' ')}`, ...rest.filter(isKept)];
}
