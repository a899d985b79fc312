import { showBitRate, showBytes, showCount, showDuration, textOf } from '../../../formats/quantity.ts';
import { showClock } from '../../../formats/time.ts';
import { codeWords, type LogEntry, modeLooks } from '../session.ts';
import { dataText, isMode } from './timeline.ts';

/** Lines whose name says too little to who did not build this. */
const titles: Readonly<Record<string, string>> = {
  'session.created': 'session began',
  'session.ended': 'session ended',
  'session.paused': 'paused',
  'session.resumed': 'resumed',
  'session.limited': 'limits set',
  'session.moving': 'moved',
  'session.redirected': 'redirected',
  'session.transferred': 'redirected',
  'leg.muted': 'muted',
  'leg.removed': 'removed',
  'room.joined': 'in a room',
  'room.changed': 'changed in the room',
  'room.left': 'out of the room',
  'room.recovered': 'room goes on',
  'mode.changed': 'media path changed',
  'allocation.started': 'relay opened',
  'allocation.refused': 'relay refused',
  'allocation.ended': 'relay closed',
  'allocation.changed': 'relay carries',
  'media.undeclared': 'media not declared',
  'refusal.repeated': 'refused again',
  'hook.executed': 'hook executed',
  'logic.started': 'logic asked',
  'logic.fetched': 'document fetched',
  'logic.step': 'logic step',
  'logic.ended': 'logic ended',
};

/** 'allocation.started' as 'relay opened', 'leg.joined' as 'leg joined'. */
export const lineTitle = ({ kind }: Pick<LogEntry, 'kind'>): string =>
  titles[kind] ?? kind.replaceAll(/[._]/g, ' ');

/** What a line says beside its name, as a person would. */
export function lineText({ kind, data }: Pick<LogEntry, 'kind' | 'data'>): string {
  switch (kind) {
    case 'allocation.started': {
      const other = data.relayedAddressOtherFamily;
      const [relayed, family] =
        other === undefined
          ? [data.relayedAddress, data.addressFamily]
          : [`${data.relayedAddress} and ${other}`, 'ipv4 and ipv6'];
      return `${data.clientAddress} by ${relayed} · ${data.transport}, ${family}`;
    }
    case 'allocation.refused': {
      const why = `${codeWords(String(data.code))}: ${data.detail}`;
      return data.repeatCount === undefined ? why : `${why} · ${times(data.repeatCount)} more`;
    }
    case 'allocation.ended': {
      const [sent, received] = [data.bytesIn, data.bytesOut].map((bytes) => textOf(showBytes(Number(bytes))));
      const lasted = showDuration(Number(data.lastedMs));
      return `${codeWords(String(data.reason))} · ${sent} from the client, ${received} to it · ${lasted}`;
    }
    case 'limit.reached': {
      const max = data.max === undefined ? '' : ` of ${limitMax(String(data.limit), Number(data.max))}`;
      const rule = data.rule === undefined ? '' : `: ${data.rule}`;
      return `${codeWords(String(data.limit))}${max}${rule} · ${outcomes[String(data.outcome)] ?? data.outcome}`;
    }
    case 'allocation.changed': {
      const { modality, previousModality: before } = data;
      return before === 'none' ? `${modality}` : `${modality}, after ${before}`;
    }
    case 'session.paused':
    case 'session.resumed':
    case 'leg.removed':
      return `by ${data.by}`;
    case 'session.moving':
      return `to ${isMode(data.mode) ? modeLooks[data.mode].label : data.mode} · by ${data.by}`;
    case 'session.transferred':
      return `to ${data.to} · by ${data.by}`;
    case 'session.redirected':
      return `to ${data.url} · by ${data.by}`;
    case 'session.limited': {
      const { endsAtMs, bitsPerSecondMax } = data;
      const limits = [
        ...(typeof endsAtMs === 'number' ? [`ends at ${showClock(new Date(endsAtMs).toISOString())}`] : []),
        ...(bitsPerSecondMax === undefined ? [] : [textOf(showBitRate(Number(bitsPerSecondMax)))]),
      ];
      return [...(limits.length === 0 ? ['none'] : limits), `by ${data.by}`].join(' · ');
    }
    case 'leg.muted':
      return `${dataText({ muted: data.muted ?? {} }).replace(/^muted /, '')} · by ${data.by}`;
    case 'room.joined':
      return `${data.room}${data.standing === 'waiting' ? ' · waits' : ''}`;
    case 'room.changed':
      return [
        data.room,
        ...(data.isMuted === true ? ['muted'] : []),
        ...(data.isHeld === true ? ['on hold'] : []),
        data.role,
        `by ${data.by}`,
      ].join(' · ');
    case 'room.left': {
      const spoke = data.spokeMs === undefined ? '' : ` · spoke ${showDuration(Number(data.spokeMs))}`;
      return `${data.room} · ${leavings[String(data.how)] ?? data.how}${spoke}`;
    }
    case 'room.recovered':
      return `${data.room} · in another mixer after ${data.tookMs} ms`;
    case 'media.undeclared':
      return `${data.declared} was declared, ${data.observed} is carried`;
    case 'refusal.repeated':
      return `${codeWords(String(data.code))} · ${times(data.repeatCount)} more`;
    case 'hook.executed': {
      const answer = data.error ?? data.status;
      return [
        `${data.via === 'fallback' ? 'fallback ' : ''}${data.target} for ${data.ofKind}`,
        `${data.outcome}${answer === undefined ? '' : ` (${answer})`}`,
        ...(data.latencyMs === undefined ? [] : [`${data.latencyMs} ms`]),
        ...(Number(data.attempts) > 1 ? [`${data.attempts} attempts`] : []),
        `hop ${data.hop}`,
      ].join(' · ');
    }
    case 'logic.started':
      return String(data.endpoint);
    case 'logic.fetched': {
      const came =
        data.error === undefined ? (data.isCached === true ? 'kept' : 'came') : `failed: ${data.error}`;
      const from = data.target === 'fallback' ? 'fallback ' : '';
      const status = data.status === undefined ? '' : ` · ${data.status}`;
      return `${from}${data.url} · ${came}${status} · ${data.latencyMs} ms`;
    }
    case 'logic.step':
      return [`${Number(data.index) + 1}. ${data.verb}`, data.detail]
        .filter((part) => part !== '')
        .join(' · ');
    case 'logic.ended':
      return [codeWords(String(data.code)), data.detail].filter((part) => part !== undefined).join(' · ');
    default:
      return dataText(data);
  }
}

const leavings: Readonly<Record<string, string>> = {
  ended: 'the room ended',
  key: 'by its key',
  removed: 'taken out',
  moved: 'into another room',
  gone: 'left',
};

const outcomes: Readonly<Record<string, string>> = {
  end: 'it ends',
  notify: 'noticed, and it goes on',
  throttle: 'it goes on slowly',
  downgrade: 'it goes on with sound alone',
};

function limitMax(limit: string, max: number): string {
  if (limit.endsWith('_bytes')) return textOf(showBytes(max));
  return limit.endsWith('_seconds') ? showDuration(max * 1_000) : showCount(max);
}

const times = (count: LogEntry['data'][string] | undefined): string =>
  Number(count) === 1 ? 'once' : `${showCount(Number(count))} times`;
