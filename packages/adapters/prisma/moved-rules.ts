import { toldOrigin } from '@patchbay/domain/billing/answers';
import type { BillingStore, ChainPrices } from '@patchbay/domain/billing/billing-store';
import { partiesOf, sellerAnswer } from '@patchbay/domain/billing/parties';
import { priceChanges } from '@patchbay/domain/billing/price-changes';
import type { PriceLevel } from '@patchbay/domain/billing/price-list';
import { tariffToWire, termsKey } from '@patchbay/domain/billing/wire-tariff';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import { configChanges } from '@patchbay/domain/policy/config-changes';
import { configLevels } from '@patchbay/domain/policy/config-levels';
import { configRulesOf } from '@patchbay/domain/policy/effective-config';
import { policyChain } from '@patchbay/domain/policy/policy-chain';
import { type HeldValue, policyChanges } from '@patchbay/domain/policy/policy-changes';
import type { PolicyPorts } from '@patchbay/domain/policy/ports';
import type { MoveEffects } from '@patchbay/domain/tenancy/move-preview';
import type { MoveQuestion } from '@patchbay/domain/tenancy/ports';
import type { ServiceDefinition } from '@patchbay/kit/definition';
import type { ShownBrands } from './brand-store.ts';
import type { MovedRules } from './move-store.ts';
import type { ServiceConfigStore } from './service-config-store.ts';

const MINUTE_MS = 60_000;

interface RuleStores {
  readonly policies: Pick<PolicyPorts['policies'], 'chain'>;
  readonly configs: Pick<ServiceConfigStore, 'configChain'>;
  readonly billing: Pick<BillingStore, 'chainPrices' | 'parties'>;
  /** As if `childId` stood directly below the account. */
  readonly chainPricesUnder: (place: {
    readonly accountId: string;
    readonly childId: string;
    readonly atMs: number;
  }) => Promise<ChainPrices>;
  readonly brands: Pick<ShownBrands, 'of' | 'above'>;
  readonly catalogue: MeterCatalogue;
  readonly services: readonly Pick<ServiceDefinition, 'name' | 'config' | 'merge'>[];
}

/** What would hold for an account, and what it would pay, if its chain were another. */
export function movedRules(stores: RuleStores): MovedRules {
  return async (question) => ({
    prices: await pricesOf(stores, question),
    policy: await policyOf(stores, question),
    configuration: await configurationOf(stores, question),
    brand: {
      before: await brandAt(stores, parentOf(question.before)),
      after: await brandAt(stores, parentOf(question.after)),
    },
  });
}

const brandAt = async ({ brands }: RuleStores, accountId: string): Promise<string> =>
  ((await brands.of(accountId)) ?? (await brands.above(accountId)))?.name ?? PLATFORM_NAME;

async function pricesOf(
  { billing, chainPricesUnder, catalogue }: RuleStores,
  { accountId, movedId, before, after, visibleIds, atMs }: MoveQuestion,
): Promise<MoveEffects['prices']> {
  // What is paid follows from the next whole minute on.
  const startMs = Math.floor(atMs / MINUTE_MS + 1) * MINUTE_MS;
  const parentId = parentOf(after);
  const was = await billing.chainPrices(movedId, startMs);
  const is = await chainPricesUnder({ accountId: parentId, childId: movedId, atMs: startMs });
  const parties = await partiesOf(
    { entity: { accountId, chain: before } },
    { ids: [...new Set([...before, ...after])] },
    { billing },
  );
  const seen = (chain: readonly string[]) => chain.filter((id) => visibleIds.includes(id));
  const toLevel = ({ buyerId, sellerId, origin, price }: PriceLevel) => ({
    buyerId,
    buyerName: parties.nameOf(buyerId),
    ...sellerAnswer(sellerId, parties),
    amount: price.tariff.amount.toString(),
    per: tariffToWire(price.tariff).per,
    hasTerms: termsKey(tariffToWire(price.tariff)) !== '',
    origin: toldOrigin(origin, parties.idOf(sellerId) !== undefined),
  });
  const differences = priceChanges(
    { prices: was, visibleChain: seen(before) },
    { prices: is, visibleChain: seen(after) },
    { catalogue, atMs: startMs },
  );
  return differences.map(({ where, ...difference }) => ({
    ...difference,
    where: { ...where },
    currency: was.currency,
    before: difference.before.map(toLevel),
    after: difference.after.map(toLevel),
  }));
}

async function policyOf(
  { policies }: RuleStores,
  { movedId, before, after, visibleIds }: MoveQuestion,
): Promise<MoveEffects['policy']> {
  const stored = await policies.chain({ accountId: movedId });
  const above = await policies.chain({ accountId: parentOf(after) });
  // Plans and words of those that are not above any more are none of the chain.
  const own = stored.filter(({ accountId }) => accountId === movedId);
  const differences = policyChanges(
    policyChain({ chain: before }, stored),
    policyChain({ chain: after }, [...above, ...own]),
  );
  return differences.map(({ setting, ...held }) => ({ setting, ...shownTo(visibleIds, held) }));
}

async function configurationOf(
  { configs, services }: RuleStores,
  { movedId, before, after, visibleIds }: MoveQuestion,
): Promise<MoveEffects['configuration']> {
  const stored = await configs.configChain({ accountId: movedId });
  const above = await configs.configChain({ accountId: parentOf(after) });
  // A trigger of an account that is not above any more holds nobody.
  const own = stored.filter(
    ({ accountId, heldBy }) =>
      accountId === movedId && (heldBy === undefined || after.includes(heldBy.accountId)),
  );
  return services.flatMap((service) => {
    const levels = {
      before: configLevels({ chain: before }, service.name, stored),
      after: configLevels({ chain: after }, service.name, [...above, ...own]),
    };
    return configChanges(levels.before, levels.after, configRulesOf(service)).map(({ field, ...held }) => ({
      service: service.name,
      field,
      ...shownTo(visibleIds, held),
    }));
  });
}

interface Origin {
  readonly level: string;
  readonly accountId?: string;
}
type Shown = NonNullable<MoveEffects['policy'][number]['before']>;

interface HeldBeforeAndAfter {
  readonly before?: HeldValue<unknown, Origin>;
  readonly after?: HeldValue<unknown, Origin>;
}

/** Whoever asks is told of the accounts that they see, and of others that there is such a level (C1). */
function shownTo(visibleIds: readonly string[], { before, after }: HeldBeforeAndAfter) {
  const shown = ({ value, origin: { level, accountId } }: HeldValue<unknown, Origin>): Shown => ({
    // What is stored came out of JSON.
    value: value as Shown['value'],
    level,
    ...(accountId === undefined || !visibleIds.includes(accountId) ? {} : { accountId }),
  });
  return {
    ...(before === undefined ? {} : { before: shown(before) }),
    ...(after === undefined ? {} : { after: shown(after) }),
  };
}

function parentOf(chain: readonly string[]): string {
  const parentId = chain.at(-2);
  if (parentId === undefined) throw new RangeError('An account that moves has one above it.');
  return parentId;
}
