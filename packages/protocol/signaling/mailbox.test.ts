import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inbox, keptFramesMax, Outbox } from './mailbox.ts';
import { type ClientFrame, type ClientMessage, decodeClientFrame, encodeClientFrame } from './messages.ts';

const hangup = (sessionId: string): ClientMessage => ({ type: 'hangup', sessionId });

function read(source: string): ClientFrame {
  const decoded = decodeClientFrame(source);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.frame;
}

describe('mailbox', () => {
  it('what was not acknowledged is sent again, in order', () => {
    const outbox = new Outbox<ClientMessage>(encodeClientFrame);
    const sent = ['a', 'b', 'c'].map((id) => outbox.stamp(hangup(id)));
    outbox.acknowledge(1);
    expect(outbox.after(1)).toEqual(sent.slice(1));
    expect(outbox.after(3)).toEqual([]);
  });

  it('what was let go is admitted to be lost, and a number from the future is refused', () => {
    const outbox = new Outbox<ClientMessage>(encodeClientFrame);
    for (let index = 0; index <= keptFramesMax; index++) outbox.stamp(hangup('a'));
    expect(outbox.after(0)).toBeUndefined();
    expect(outbox.after(1)).toHaveLength(keptFramesMax);
    expect(outbox.after(keptFramesMax + 2)).toBeUndefined();
  });

  it('large frames are bounded by their characters', () => {
    const outbox = new Outbox<ClientMessage>(encodeClientFrame);
    const data = { kind: 'description', type: 'offer', sdp: 'v'.repeat(60_000) } as const;
    for (let index = 0; index < 30; index++) {
      outbox.stamp({ type: 'signal', sessionId: 's', generation: 0, data });
    }
    expect(outbox.after(0)).toBeUndefined();
    expect(outbox.after(20)).toHaveLength(10);
  });

  it('over any losses of the connection, each frame is acted on once and in order (SIG)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant('send'), fc.constant('lose'), fc.constant('resume')), {
          maxLength: 200,
        }),
        (steps) => {
          const outbox = new Outbox<ClientMessage>(encodeClientFrame);
          const inbox = new Inbox();
          const actedOn: string[] = [];
          let isUp = true;
          let count = 0;
          const deliver = (source: string) => {
            const frame = read(source);
            if (inbox.admit(frame) && frame.type === 'hangup') actedOn.push(frame.sessionId);
          };
          const resume = () => {
            for (const source of outbox.after(inbox.lastSequence) ?? []) deliver(source);
            isUp = true;
          };
          for (const step of steps) {
            if (step === 'send') {
              const source = outbox.stamp(hangup(String(count++)));
              if (isUp) deliver(source);
            } else if (step === 'lose') isUp = false;
            else resume();
          }
          resume();
          expect(actedOn).toEqual(Array.from({ length: count }, (_, index) => String(index)));
        },
      ),
    );
  });
});
