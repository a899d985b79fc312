import { describe, expect, test } from 'vitest';
import type { LogEntry, Session } from '../session.ts';
import {
  hasLogic,
  mutedWords,
  whyNoControl,
  whyNoMute,
  whyNoRedirect,
  whyNoRemoval,
} from './control-rules.ts';

const live = { kind: 'call', state: 'live' } as const;
const own: Session['legs'][number] = { id: 'leg_1', accountId: 'acc_1', state: 'joined' };
const line = (kind: string) => ({ kind }) as LogEntry;

describe('what of a running session can be changed, and why not (LIV-1)', () => {
  test('a call that is answered takes every order; what rings, has ended or is no call takes none', () => {
    expect([whyNoControl(live), whyNoControl({ ...live, state: 'paused' })]).toEqual([undefined, undefined]);
    expect(whyNoControl({ ...live, state: 'ringing' })).toContain('answered');
    expect(whyNoControl({ ...live, state: 'ended' })).toContain('ended');
    expect(whyNoControl({ ...live, kind: 'relay' })).toContain('without a call');
  });

  test('a leg of another account is removed, and not muted (LIV-0)', () => {
    const foreign: Session['legs'][number] = { id: 'leg_2', state: 'joined' };
    expect([whyNoMute(live, own), whyNoRemoval(live, own), whyNoRemoval(live, foreign)]).toEqual(
      Array(3).fill(undefined),
    );
    expect(whyNoMute(live, foreign)).toContain('another account');
    expect(whyNoRemoval(live, { ...own, state: 'left' })).toContain('left');
  });

  test('a call is sent on once it is answered, and before where a document decides about it', () => {
    const ringing = { ...live, state: 'ringing' } as const;
    expect([whyNoRedirect(live, []), whyNoRedirect(ringing, [line('logic.started')])]).toEqual([
      undefined,
      undefined,
    ]);
    expect(whyNoRedirect(ringing, [])).toContain('answered');
    const over = [line('logic.started'), line('logic.ended')];
    expect([hasLogic([line('logic.started')]), hasLogic(over), hasLogic(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('what is muted is named', () => {
    expect(mutedWords({ muted: { audio: true, video: false, screen: true } })).toBe('sound and screen');
    expect(mutedWords({})).toBe('');
  });
});
