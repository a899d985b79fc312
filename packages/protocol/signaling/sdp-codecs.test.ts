import { describe, expect, test } from 'vitest';
import { codecsIn, withCodecs } from './sdp-codecs.ts';

const lines = (...parts: readonly string[]) => `${parts.join('\r\n')}\r\n`;

/** As Chromium offers it, shortened. */
const offer = lines(
  'v=0',
  'o=- 46117327 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1 2',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 13 110',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=rtpmap:111 opus/48000/2',
  'a=rtcp-fb:111 transport-cc',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:13 CN/8000',
  'a=rtpmap:110 telephone-event/48000',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 45 46 116 117 118',
  'c=IN IP4 0.0.0.0',
  'a=mid:1',
  'a=rtcp-fb:* ccm fir',
  'a=rtpmap:96 VP8/90000',
  'a=rtcp-fb:96 nack pli',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:45 AV1/90000',
  'a=rtcp-fb:45 nack pli',
  'a=rtpmap:46 rtx/90000',
  'a=fmtp:46 apt=45',
  'a=rtpmap:116 red/90000',
  'a=rtpmap:117 rtx/90000',
  'a=fmtp:117 apt=116',
  'a=rtpmap:118 ulpfec/90000',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=mid:2',
  'a=sctp-port:5000',
);

test('the codecs of each stream are read, by name or by the number that has one', () => {
  expect(codecsIn(offer)).toEqual([
    ['opus', 'g722', 'pcmu'],
    ['vp8', 'av1'],
  ]);
});

test('what is not allowed goes, with its companions, and everything else stays as it was', () => {
  const left = withCodecs(offer, ['opus', 'av1']);
  expect(codecsIn(left)).toEqual([['opus'], ['av1']]);
  expect(left).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 111 63 13 110\r\n');
  expect(left).toContain('m=video 9 UDP/TLS/RTP/SAVPF 45 46 116 117 118\r\n');
  const gone = ['a=rtpmap:9 ', 'a=rtpmap:96 ', 'a=rtcp-fb:96 ', 'a=fmtp:97 ', 'a=rtpmap:97 '];
  for (const line of gone) expect(left).not.toContain(line);
  const restOf = (sdp: string) =>
    sdp.split('\r\n').filter((line) => !/^(m=|a=(rtpmap|fmtp|rtcp-fb))/.test(line));
  expect(restOf(left)).toEqual(restOf(offer));
});

test('redundant sound goes with what it repeats', () => {
  expect(withCodecs(offer, ['g722', 'vp8'])).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 9 13 110\r\n');
});

test('what needs no change is left to the letter', () => {
  expect(withCodecs(offer, ['opus', 'g722', 'pcmu', 'vp8', 'av1'])).toBe(offer);
});

test('a stream with none of them is left as it is: it is refused by whoever asks', () => {
  expect(codecsIn(withCodecs(offer, ['pcma', 'vp8']))).toEqual([['opus', 'g722', 'pcmu'], ['vp8']]);
});

describe('what is wanted of a description', () => {
  test('a stream that was turned down is none, and one that is bundled without a port is one', () => {
    const off = offer.replace('m=video 9', 'm=video 0');
    expect(codecsIn(off)).toEqual([['opus', 'g722', 'pcmu']]);
    expect(codecsIn(off.replace('a=mid:1', 'a=mid:1\r\na=bundle-only'))).toHaveLength(2);
  });

  test('a payload that is given two names is held to both, and one without a name to none', () => {
    const twice = offer.replace('a=rtpmap:96 VP8/90000', 'a=rtpmap:96 VP8/90000\r\na=rtpmap:96 VP9/90000');
    expect(codecsIn(withCodecs(twice, ['opus', 'vp8', 'av1']))).toEqual([['opus'], ['av1']]);
    const nameless = offer.replace('a=rtpmap:96 VP8/90000\r\n', '');
    expect(codecsIn(withCodecs(nameless, ['opus', 'vp8', 'av1']))).toEqual([['opus'], ['av1']]);
  });

  test('a companion is no codec, whoever allows it, and companions of each other are kept by nobody', () => {
    expect(codecsIn(lines('v=0', 'm=audio 9 RTP/AVP 110', 'a=rtpmap:110 telephone-event/8000'))).toEqual([
      [],
    ]);
    const circle = offer.replace('a=fmtp:97 apt=96', 'a=fmtp:97 apt=97');
    expect(withCodecs(circle, ['opus', 'vp8'])).toContain('m=video 9 UDP/TLS/RTP/SAVPF 96 116 117 118\r\n');
  });

  test('text that is no description has no streams, and comes back as it was', () => {
    for (const text of ['', 'hello', 'm=', 'm=audio', 'm=audio 9 RTP/AVP', 'a=rtpmap:96 VP8/90000']) {
      expect(codecsIn(text)).toEqual([]);
      expect(withCodecs(text, ['opus'])).toBe(text);
    }
  });
});
