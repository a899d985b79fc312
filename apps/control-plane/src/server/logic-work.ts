import { logicFetcher } from '@patchbay/adapters/logic/fetch-logic';
import { readLogicDocument } from '@patchbay/adapters/logic/read-document';
import { endpointCheck } from '@patchbay/adapters/outgoing/endpoint-check';
import type { SafeRequestOptions } from '@patchbay/adapters/outgoing/safe-request';
import type { openClient } from '@patchbay/adapters/prisma/client';
import { logicLookup, logicMappingStore, logicSecretStore } from '@patchbay/adapters/prisma/logic-store';
import type { MintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import type { BillingPorts } from '@patchbay/domain/billing/ports';
import { pricesPaidBy } from '@patchbay/domain/billing/price-list';
import { tariffToWire } from '@patchbay/domain/billing/wire-tariff';
import type { InternalRequest, InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { magicAnswerOf, magicUrlOf } from '@patchbay/domain/logic/magic-endpoints';
import type { LogicPorts } from '@patchbay/domain/logic/ports';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';

export interface LogicWorkOptions {
  readonly prisma: ReturnType<typeof openClient>;
  readonly cipher: MintBranchCipher;
  readonly addresses: Pick<SafeRequestOptions, 'rule' | 'resolve'>;
  readonly applications: LogicPorts['applications'];
  readonly changed: (accountId: string) => Promise<void>;
  readonly billing: Pick<BillingPorts['billing'], 'chainPrices'>;
  readonly catalogue: BillingPorts['catalogue'];
  readonly recordUsage: (usedBy: UsedBy, use: CountedUse) => void;
  /** From the platform down. */
  readonly chainOf: (accountId: string) => Promise<readonly { readonly id: string }[]>;
  /** Whether an account is on the books of tests, where some endpoints behave by themselves (PRD-1). */
  readonly isTest: (accountId: string) => Promise<boolean>;
  readonly nowMs: () => number;
}

/** Application logic at the control plane: where it is, and the requests for it, which are made here alone (HKS-3). */
export function logicWork(options: LogicWorkOptions) {
  const {
    prisma,
    cipher,
    addresses,
    applications,
    changed,
    billing,
    catalogue,
    recordUsage,
    chainOf,
    isTest,
    nowMs,
  } = options;
  const magicOf = async (accountId: string, endpoint: string) => {
    const answer = magicAnswerOf(endpoint);
    return answer !== undefined && (await isTest(accountId)) ? answer : undefined;
  };
  const lookup = logicLookup(prisma, cipher);
  const fetch = logicFetcher({
    ...addresses,
    nowMs,
    read: readLogicDocument,
    onAsked: (accountId, outcome) =>
      recordUsage({ accountId }, { meter: 'logic.fetches', quantity: 1, dimensions: { outcome } }),
  });
  const ports: LogicPorts = {
    mappings: logicMappingStore(prisma),
    secrets: logicSecretStore(prisma, cipher),
    applications,
    addresses: endpointCheck(addresses.rule, addresses.resolve),
    nodes: { changed },
    documents: { read: readLogicDocument },
    prices: {
      async paidBy({ accountId, service, meter }) {
        const atMs = nowMs();
        const chain = await billing.chainPrices(accountId, atMs);
        const paid = pricesPaidBy(accountId, chain, { catalogue, atMs }).find(
          ({ price }) =>
            price.service === service && price.meter === meter && Object.keys(price.where).length === 0,
        );
        if (paid === undefined) return undefined;
        const { amount, per } = tariffToWire(paid.price.tariff);
        return { amount, per, currency: chain.currency };
      },
    },
  };
  return {
    ports,
    forNodes: {
      isNear: async (accountId: string) => (await isTest(accountId)) || (await lookup.isNear(accountId)),

      /** Calls stay within one account, those above it and those below it: of any other, nothing is asked. */
      async find({
        callerAccountId,
        accountId,
        endpoint,
      }: InternalRequest<'findLogic'>): Promise<InternalResponse<'findLogic'>> {
        const [own, called] = [await chainOf(callerAccountId), await chainOf(accountId)];
        const isRelated =
          own.some(({ id }) => id === accountId) || called.some(({ id }) => id === callerAccountId);
        if (!isRelated) return { standing: 'unrelated' };
        const accountPath = called.map(({ id }) => id).reverse();
        if ((await magicOf(accountId, endpoint)) !== undefined)
          return { standing: 'found', url: magicUrlOf(endpoint), accountPath };
        const found = await lookup.of({ accountId, identifier: endpoint, nowMs: nowMs() });
        return found === undefined
          ? { standing: 'none' }
          : { standing: 'found', url: found.url, accountPath };
      },

      async fetch({
        accountId,
        url,
        session,
        variables,
      }: InternalRequest<'fetchLogic'>): Promise<InternalResponse<'fetchLogic'>> {
        const magic = await magicOf(accountId, session.endpoint);
        if (magic !== undefined)
          return 'document' in magic
            ? { document: magic.document, url, attempts: [] }
            : { failure: 'unreachable', detail: magic.failure, attempts: [] };
        const inForce = await lookup.of({ accountId, identifier: session.endpoint, nowMs: nowMs() });
        if (inForce === undefined)
          return {
            failure: 'unreachable',
            detail: 'The endpoint has no application logic any more.',
            attempts: [],
          };
        const { kind, secrets, fallbackUrl } = inForce;
        const fetched = await fetch({ accountId, kind, secrets, fallbackUrl, url, session, variables });
        const attempts = [...fetched.attempts];
        return fetched.kind === 'document'
          ? { document: fetched.document, url: fetched.url, attempts }
          : { failure: fetched.failure, detail: fetched.detail, attempts };
      },
    },
  };
}
