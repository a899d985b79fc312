import type { CredentialStore } from '@patchbay/adapters/prisma/credential-store';
import type { Snapshots } from '@patchbay/adapters/prisma/snapshots';
import { servicesMintedWith } from '@patchbay/faces/minting-scopes';
import type { Principal } from '@patchbay/faces/platform';
import { parseBearerToken, parseUsername, verify } from '@patchbay/protocol/credential/credential';
import { check, type Effective, effectiveOf } from '@patchbay/protocol/credential/effective';
import { refusalOfUnenforced } from '@patchbay/protocol/credential/enforcement';

/** What a credential's `services` has to name, if it names any, for the API to take it. */
const API_SERVICE = 'api';

export interface CredentialHolder {
  readonly principal: Principal;
  /** Of the credential's account, from the platform down. */
  readonly accountChain: readonly string[];
}

interface CredentialPorts {
  readonly snapshots: Snapshots;
  readonly credentials: Pick<CredentialStore, 'isRevoked'>;
  readonly nowMs: () => number;
}

/**
 * Who holds an ephemeral credential (ACC-7). It says whose it is and gives no scope: what a browser may do with it, it
 * does at relays and signaling. One whose caveats would not be held here, such as its addresses, is not taken.
 */
export async function principalOfCredential(
  token: string,
  { snapshots, credentials, nowMs }: CredentialPorts,
): Promise<CredentialHolder | undefined> {
  const credential = parseBearerToken(token);
  if ('type' in credential) return undefined;
  const named = parseUsername(credential.username);
  if (named.type === 'refusal') return undefined;
  const key = await snapshots.keySnapshot(named.keyId);
  if (key === undefined || key.state !== 'active' || nowMs() >= (key.expiresAtMs ?? Infinity))
    return undefined;
  // A key that may mint for no service mints nothing that the API takes either (ACC-4).
  if (servicesMintedWith(key.scopes).length === 0) return undefined;
  const verified = verify(key.mintKey, credential);
  if (verified.type === 'refusal') return undefined;
  const effective = effectiveOf(verified);
  if ('type' in effective || refusalOfUnenforced(effective, 'api') !== undefined) return undefined;
  const accountId = effective.accountId ?? key.accountId;
  const account = accountId === key.accountId ? key : await snapshots.accountSnapshot(accountId);
  const accountChain = account?.chain.map(({ id }) => id) ?? [];
  // A key reaches its own account and those below it, and no other.
  if (account?.state !== 'active' || !accountChain.includes(key.accountId)) return undefined;
  if (!(await isApplicationKnown({ ...effective, accountId }, snapshots))) return undefined;
  const use = { nowMs: nowMs(), service: API_SERVICE, sourceIp: '', region: '', accountChain };
  if (check(effective, use) !== undefined) return undefined;
  if (await credentials.isRevoked({ accountId: key.accountId, prefixIds: effective.prefixIds }))
    return undefined;
  const credentialId = effective.prefixIds.at(-1) ?? key.keyId;
  const principal: Principal = {
    actor: { kind: 'credential', credentialId, accountId },
    name: effective.identity ?? 'Ephemeral credential',
    scopes: [],
  };
  return { principal, accountChain };
}

async function isApplicationKnown(
  { accountId, applicationId, instanceType }: Effective & { readonly accountId: string },
  snapshots: Snapshots,
): Promise<boolean> {
  if (applicationId === undefined) return instanceType === undefined;
  const application = await snapshots.applicationSnapshot({ accountId, applicationId });
  const isOfType = instanceType === undefined || application?.instanceTypes.includes(instanceType);
  return application !== undefined && isOfType === true;
}
