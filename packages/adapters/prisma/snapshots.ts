import type { StoredConfig } from '@patchbay/domain/policy/config-levels';
import type { StoredPolicy } from '@patchbay/domain/policy/policy-chain';
import { type AccountState, effectiveState } from '@patchbay/domain/tenancy/account-state';
import { accountChain } from './account-store.ts';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { policyStore } from './policy-store.ts';
import { inAccount } from './scope.ts';
import { serviceConfigStore } from './service-config-store.ts';

type Chain = readonly { readonly id: string; readonly state: AccountState }[];

/** What a relay or signaling node needs to verify the credentials of a key on its own. */
export interface KeySnapshot {
  readonly keyId: string;
  readonly mode: 'live' | 'test';
  /** The mint branch, 32 bytes. It is kept in memory only. */
  readonly mintKey: Uint8Array;
  readonly accountId: string;
  /** From the platform down to the key's account. */
  readonly chain: Chain;
  /** 'revoked' is the key's own; the others are the worst of the chain. */
  readonly state: 'revoked' | AccountState;
  readonly expiresAtMs?: number;
  readonly scopes: readonly string[];
}

/** What a node needs to know of an account that a credential names. */
export interface AccountSnapshot {
  readonly accountId: string;
  /** From the platform down to the account. */
  readonly chain: Chain;
  readonly state: AccountState;
  /** What is set for it and for those above it. */
  readonly configs: readonly StoredConfig[];
  /** What is set for its users' endpoints: whom else a credential names, no node knows. */
  readonly endpointConfigs: readonly (StoredConfig & { readonly identifier: string })[];
  readonly policies: readonly StoredPolicy[];
}

/** What a node needs to know of an application that a credential names. */
export interface ApplicationSnapshot {
  readonly accountId: string;
  readonly applicationId: string;
  /** From the platform down to its account. */
  readonly chain: Chain;
  readonly instanceTypes: readonly string[];
  /** What is set for it, its instance types, its account and those above that. */
  readonly configs: readonly StoredConfig[];
  readonly policies: readonly StoredPolicy[];
}

export interface Snapshots {
  keySnapshot(keyId: string): Promise<KeySnapshot | undefined>;
  accountSnapshot(accountId: string): Promise<AccountSnapshot | undefined>;
  /** Undefined when the account itself has no such application. */
  applicationSnapshot(application: {
    readonly accountId: string;
    readonly applicationId: string;
  }): Promise<ApplicationSnapshot | undefined>;
}

export function snapshots(prisma: PrismaClient, cipher: MintBranchCipher): Snapshots {
  const { configChain, ofEndpoints } = serviceConfigStore(prisma);
  const policies = policyStore(prisma);
  return {
    keySnapshot: async (keyId) => {
      const [row] = await prisma.$queryRaw<StoredKey[]>`SELECT * FROM key_snapshot(${keyId})`;
      if (row === undefined) return undefined;
      const chain = await accountChain(prisma, row.account_id);
      return {
        keyId: row.id,
        mode: row.mode === 'test' ? 'test' : 'live',
        mintKey: cipher.open(row.id, row.mint_ciphertext),
        accountId: row.account_id,
        chain,
        state: row.revoked_at === null ? effectiveState(chain.map(({ state }) => state)) : 'revoked',
        ...(row.expires_at === null ? {} : { expiresAtMs: row.expires_at.getTime() }),
        scopes: row.scopes,
      };
    },

    accountSnapshot: async (accountId) => {
      const chain = await accountChain(prisma, accountId);
      if (chain.length === 0) return undefined;
      return {
        accountId,
        chain,
        state: effectiveState(chain.map(({ state }) => state)),
        configs: await configChain({ accountId }),
        endpointConfigs: await ofEndpoints({ accountId, namespace: 'user' }),
        policies: await policies.chain({ accountId }),
      };
    },

    applicationSnapshot: async ({ accountId, applicationId }) => {
      const row = await inAccount(prisma, accountId, ({ application }) =>
        application.findFirst({ where: { accountId, id: applicationId }, select: { instanceTypes: true } }),
      );
      if (row === null) return undefined;
      const chain = await accountChain(prisma, accountId);
      const configs = await configChain({ accountId, applicationId });
      const { instanceTypes } = row;
      return {
        accountId,
        applicationId,
        chain,
        instanceTypes,
        configs,
        policies: await policies.chain({ accountId }),
      };
    },
  };
}

interface StoredKey {
  readonly id: string;
  readonly account_id: string;
  readonly mode: string;
  readonly scopes: readonly string[];
  readonly mint_ciphertext: Uint8Array;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}
