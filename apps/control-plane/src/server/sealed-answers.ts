import type { MintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import type { IdempotencyStore, IdempotentRequest } from '@patchbay/faces/platform';

/**
 * Keeps answers encrypted under the master key: the one that tells a new key's secret must not stand in the database for
 * a day as it was sent (ACC-4, C45).
 */
export function sealedAnswers(store: IdempotencyStore, cipher: MintBranchCipher): IdempotencyStore {
  // The name of the request is authenticated too: an answer moved to another row does not open.
  const nameOf = ({ accountId, callerId, route, key }: IdempotentRequest) =>
    `answer ${JSON.stringify([accountId, callerId, route, key])}`;
  return {
    async begin({ callerId, fingerprint, ...rest }) {
      // A request may hold a password, which a plain hash of it would let somebody try.
      const tag = cipher.tag(fingerprint);
      const request = { ...rest, callerId: callerId.replace(fingerprint, tag), fingerprint: tag };
      const begun = await store.begin(request);
      if (begun.kind !== 'replay') return begun;
      const { status, body } = begun.answer;
      const opened = cipher.open(nameOf(request), Buffer.from(body, 'base64'));
      return { kind: 'replay', answer: { status, body: Buffer.from(opened).toString('utf8') } };
    },
    complete: (claim, { status, body }) => {
      const sealed = cipher.seal(nameOf(claim), Buffer.from(body, 'utf8'));
      return store.complete(claim, { status, body: Buffer.from(sealed).toString('base64') });
    },
    abandon: (claim) => store.abandon(claim),
  };
}
