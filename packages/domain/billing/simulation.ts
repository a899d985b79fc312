import { canonicalDimensions } from '../metering/usage-record.ts';
import { type Nano, ZERO } from './money.ts';
import type { Price } from './price.ts';
import type { PriceChange } from './price-change.ts';
import { type Statement, type StatementRequest, statementOf } from './statement.ts';

/** What a profile would ask for several services, instead of all that it asked for them. */
export interface SimulatedChange extends Pick<PriceChange, 'accountId' | 'childId' | 'currency'> {
  readonly services: Readonly<Record<string, PriceChange['prices']>>;
}

/** One edge in one reckoning: what the buyer pays, what its use costs the seller, and what is left of it. */
export interface EdgeSums {
  readonly amount: Nano;
  readonly cost: Nano;
  readonly margin: Nano;
}

export interface SimulatedEdge {
  readonly sellerId: string;
  readonly buyerId: string;
  readonly currency: string;
  readonly before: EdgeSums;
  readonly after: EdgeSums;
}

/** What one account pays, is paid and keeps, all its children together. */
export interface SellerSums {
  readonly payable: Nano;
  readonly receivable: Nano;
  readonly margin: Nano;
}

export interface SimulatedSeller {
  readonly before: SellerSums;
  readonly after: SellerSums;
  /** By buyer. */
  readonly edges: readonly SimulatedEdge[];
}

/** The same profiles, as if one of them had asked something else all the time. */
export function pricesAfter(prices: readonly Price[], change: SimulatedChange): readonly Price[] {
  const { accountId, childId, currency, services } = change;
  const isReplaced = (price: Price) =>
    price.accountId === accountId &&
    price.childId === childId &&
    price.currency === currency &&
    Object.hasOwn(services, price.service);
  const given = Object.entries(services).flatMap(([service, ofService]) =>
    ofService.map(
      ({ meter, where, tariff }): Price => ({
        id: `simulated ${canonicalDimensions(where)}`,
        accountId,
        ...(childId === undefined ? {} : { childId }),
        service,
        meter,
        where,
        tariff,
        currency,
        fromMs: Number.NEGATIVE_INFINITY,
        toMs: Number.POSITIVE_INFINITY,
      }),
    ),
  );
  return [...prices.filter((price) => !isReplaced(price)), ...given];
}

/** One seller's month as it is and as it would be, from the same use: sums and edges are those of its statements. */
export function simulateSeller(request: StatementRequest, change: SimulatedChange): SimulatedSeller {
  const before = statementOf(request);
  const { book } = request;
  const after = statementOf({ ...request, book: { ...book, prices: pricesAfter(book.prices, change) } });
  return { before: sumsOf(before), after: sumsOf(after), edges: edgesOf(before, after) };
}

const sumsOf = ({ payable, receivable, margin }: Statement): SellerSums => ({ payable, receivable, margin });

function edgesOf(before: Statement, after: Statement): SimulatedEdge[] {
  const buyers = new Set([...before.children, ...after.children].map(({ accountId }) => accountId));
  return [...buyers].sort().map((buyerId) => {
    const [was, is] = [before, after].map(({ children }) =>
      children.find(({ accountId }) => accountId === buyerId),
    );
    return {
      sellerId: before.accountId,
      buyerId,
      currency: (was ?? is)?.currency ?? before.currency,
      before: edgeSums(was),
      after: edgeSums(is),
    };
  });
}

const edgeSums = (child: Statement['children'][number] | undefined): EdgeSums =>
  child === undefined
    ? { amount: ZERO, cost: ZERO, margin: ZERO }
    : { amount: child.receivable, cost: child.cost, margin: child.margin };

/** A seller that a simulation looks at: from the highest down, and by id. */
export interface SellerPlace {
  readonly id: string;
  readonly depth: number;
}

/** Behind which edge a page begins. */
export interface EdgeCursor extends SellerPlace {
  readonly buyerId: string;
}

export interface SimulationPage {
  /** Of the first page: the account's own sums, all children together. */
  readonly own?: Omit<SimulatedSeller, 'edges'> & { readonly belowCostCount: number };
  readonly edges: readonly SimulatedEdge[];
  readonly next?: EdgeCursor;
}

export interface PageRequest {
  readonly change: SimulatedChange;
  readonly cursor?: EdgeCursor | undefined;
  /** Edges of one page, and so the most sellers that it reckons. */
  readonly limit: number;
  /** In their order, the account itself first; those before the cursor may be left out. */
  readonly sellers: readonly SellerPlace[];
  readonly simulate: (sellerId: string) => Promise<SimulatedSeller>;
}

/** One page of the edges below an account. Each edge is on one page, so pages sum to the whole. */
export async function simulationPage(request: PageRequest): Promise<SimulationPage> {
  const { change, cursor, limit, sellers, simulate } = request;
  const edges: SimulatedEdge[] = [];
  let own: SimulationPage['own'];
  let last: EdgeCursor | undefined = cursor;
  for (const seller of sellers) {
    if (cursor !== undefined && isBefore(seller, cursor)) continue;
    const { edges: all, ...sums } = await simulate(seller.id);
    if (cursor === undefined && seller.id === change.accountId) {
      own = { ...sums, belowCostCount: all.filter(({ after }) => after.margin < 0n).length };
    }
    const isOnlyOne = seller.id === change.accountId && change.childId !== undefined;
    for (const edge of all) {
      if (isOnlyOne && edge.buyerId !== change.childId) continue;
      if (cursor?.id === seller.id && edge.buyerId <= cursor.buyerId) continue;
      if (edges.length === limit && last !== undefined) {
        return { ...(own === undefined ? {} : { own }), edges, next: last };
      }
      edges.push(edge);
      last = { ...seller, buyerId: edge.buyerId };
    }
  }
  return { ...(own === undefined ? {} : { own }), edges };
}

const isBefore = (seller: SellerPlace, cursor: SellerPlace): boolean =>
  seller.depth < cursor.depth || (seller.depth === cursor.depth && seller.id < cursor.id);
