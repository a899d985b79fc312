import { randomBytes } from 'node:crypto';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { type Credential, mint, RANDOM_ID_BYTES } from '@patchbay/protocol/credential/credential';
import { rowsOf } from '../postgres/at-once.ts';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';

export interface Minting {
  mint(input: { readonly accountId: string; readonly caveats: readonly Restriction[] }): Promise<Credential>;
}

/**
 * Mints as the account's own server SDK would: with its newest live key of full scope, or with that of the nearest
 * account above it, restricted to the account. An account with no such key anywhere above it cannot mint.
 */
export function minting(prisma: PrismaClient, cipher: MintBranchCipher): Minting {
  return {
    mint: async ({ accountId, caveats }) => {
      const [key] = await rowsOf<MintingKey>(prisma, {
        text: 'SELECT id, account_id, mint_ciphertext FROM key_for_minting($1)',
        values: [accountId],
      });
      if (key === undefined) throw new NoMintingKeyError(accountId);
      const own: Restriction[] = key.account_id === accountId ? [] : [{ type: 'account', accountId }];
      return mint({
        keyId: key.id,
        mintKey: cipher.open(key.id, key.mint_ciphertext),
        caveats: [...own, ...caveats],
        randomId: randomBytes(RANDOM_ID_BYTES),
      });
    },
  };
}

interface MintingKey {
  readonly id: string;
  readonly account_id: string;
  readonly mint_ciphertext: Uint8Array;
}

export class NoMintingKeyError extends Error {
  constructor(accountId: string) {
    super(`Neither ${accountId} nor an account above it has a live key with the scope *.`);
    this.name = 'NoMintingKeyError';
  }
}
