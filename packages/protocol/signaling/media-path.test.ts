import { describe, expect, it } from 'vitest';
import { pathOf } from './media-path.ts';

const pair = {
  type: 'candidate-pair',
  id: 'P',
  localCandidateId: 'L',
  remoteCandidateId: 'R',
  nominated: true,
  state: 'succeeded',
};
const local = { type: 'local-candidate', id: 'L', candidateType: 'host', protocol: 'udp' };
const remote = { type: 'remote-candidate', id: 'R', candidateType: 'prflx' };

describe('the path of the media', () => {
  it('a relay on either side makes the path relayed, and its own transport is named', () => {
    const relayed = { ...local, candidateType: 'relay', relayProtocol: 'tls' };
    expect(pathOf([pair, local, remote])).toMatchObject({ path: 'direct', transport: 'udp' });
    expect(pathOf([pair, relayed, remote])).toMatchObject({ path: 'relay', transport: 'tls' });
    expect(pathOf([pair, local, { ...remote, candidateType: 'relay' }])).toMatchObject({ path: 'relay' });
    expect(pathOf([local, remote])).toBeUndefined();
  });

  it('the pair that the transport selected comes before one that was nominated once', () => {
    const other = { ...pair, id: 'Q', localCandidateId: 'M' };
    const transport = { type: 'transport', id: 'T', selectedCandidatePairId: 'Q' };
    const relay = { ...local, id: 'M', candidateType: 'relay' };
    expect(pathOf([pair, other, transport, local, relay, remote])).toMatchObject({ path: 'relay' });
  });

  it('a pair that only succeeded in its checks is not the path', () => {
    expect(pathOf([{ ...pair, nominated: false }, local, remote])).toBeUndefined();
  });
});
