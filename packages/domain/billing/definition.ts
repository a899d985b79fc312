import { boundedRecord } from '@patchbay/kit/bounded-record';
import { defineDomain } from '@patchbay/kit/definition';
import { idField } from '@patchbay/kit/ids';
import { pageOf, pageRequest, queryInt } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { collectedTaxEvents, collectedTaxResources } from './collected-tax-operations.ts';
import {
  collectingErrors,
  collectingEvents,
  collectingResources,
  payStatement,
  refundStatement,
  voidStatement,
} from './collecting-operations.ts';
import { comparisonErrors, comparisonEvents, comparisonResources } from './comparison-operations.ts';
import { customerErrors, customerEvents, customerResources } from './customer-operations.ts';
import { exportStatements } from './export-operations.ts';
import { ledgerBooks } from './ledger.ts';
import { ledgerResources } from './ledger-operations.ts';
import { isCurrency } from './money.ts';
import {
  ownCollectingErrors,
  ownCollectingEvents,
  ownCollectingResources,
} from './own-collecting-operations.ts';
import { periodStates } from './period.ts';
import { tierings } from './price.ts';
import { reconciliationEvents, reconciliationResources } from './reconciliation-operations.ts';
import { reminderEvents, reminderResources } from './reminder-operations.ts';
import { accountings } from './session-cells.ts';
import { trailOperations } from './trail-operations.ts';
import { verificationErrors, verificationEvents, verifyStatements } from './verification-operations.ts';
import { TARIFF_DIGITS_MAX, TIER_COUNT_MAX } from './wire-tariff.ts';

/** Nano units of the currency, 1e-9 of the major unit, as text: money is never a float (BIL-3). */
const nano = z.string().regex(/^-?\d+$/);
const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');
/** More than any meter has. */
const DIMENSION_COUNT_MAX = 32;
const dimensions = boundedRecord(z.string().max(64), z.string().max(64), DIMENSION_COUNT_MAX);

const priceAmount = z
  .string()
  .regex(
    new RegExp(`^-?\\d{1,${TARIFF_DIGITS_MAX}}$`),
    `An amount is a count of nano units, of at most ${TARIFF_DIGITS_MAX} digits.`,
  );
const unitCount = z
  .string()
  .regex(
    new RegExp(`^\\d{1,${TARIFF_DIGITS_MAX}}$`),
    `A count of units has at most ${TARIFF_DIGITS_MAX} digits.`,
  );

/** What a price may say besides its amount; each is counted over the whole period and the price's filter (BIL-1). */
const terms = {
  /** After so many units that are not free, `per` units cost this. Before the first, they cost `amount`. */
  tiers: z
    .array(z.strictObject({ after: unitCount, amount: priceAmount }))
    .min(1)
    .max(TIER_COUNT_MAX)
    .optional(),
  /** 'graduated' (default): each unit by its own tier. 'volume': all by the tier that the period reaches, so more can cost less. */
  tiering: z.enum(tierings).optional(),
  /** Units of a period that cost nothing, before any tier. */
  free: unitCount.optional(),
  /** What a period with any use costs at least. */
  minimum: priceAmount.optional(),
  /** What is not free is billed in steps of so many units over the period; a step that was begun counts whole. */
  roundUpTo: unitCount.optional(),
  /**
   * 'segmented' (default): what was used. 'binary', of a meter of time: the whole time of each session that used it at all,
   * from its first use of anything to its last. What belongs to no session has no such time, and costs nothing then.
   */
  accounting: z.enum(accountings).optional(),
  /** Of a flat price. 'use' (default): with the first use. 'period': without use too, and by the minute for a part of one. */
  due: z.enum(['use', 'period']).optional(),
};

/**
 * `amount` nano units for every `per` units of the meter. `per` 0: a flat amount for a period with any use. A field that
 * is not here is refused: a free allowance that is accepted and not given would be a wrong bill.
 */
const price = z.strictObject({
  amount: priceAmount,
  per: unitCount,
  ...terms,
  /** Only usage with these dimensions; the price that names most of them wins. */
  where: dimensions.optional(),
});

/** More than there are. */
const SERVICE_COUNT_MAX = 64;
/** Of a service: more than any has. */
const METER_COUNT_MAX = 64;
const servicePrices = boundedRecord(
  z.string(),
  z.union([price, z.array(price).min(1).max(50)]),
  METER_COUNT_MAX,
);

const currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .refine(isCurrency, 'A currency is a code of ISO 4217, such as EUR.');

/** What one account pays, is paid and keeps. */
const sellerSums = z.object({ payable: nano, receivable: nano, margin: nano });
/** What a buyer pays, what its use costs the seller, and what is left. */
const edgeSums = z.object({ amount: nano, cost: nano, margin: nano });

const setRequest = z.strictObject({
  service: z.string(),
  prices: servicePrices,
  currency,
  /** Cut to the minute. Default: the running minute, and what was used in it already is rated with the new price too. */
  effectiveFrom: requestTime.optional(),
});

const effectivePrice = z.object({
  service: z.string(),
  meter: z.string(),
  unit: z.string(),
  where: dimensions,
  amount: nano,
  per: z.string(),
  ...terms,
  currency: z.string(),
  effectiveFrom: z.iso.datetime(),
  /** Who set it: 'child' for this account alone, 'default' for all children, 'inherited' when passed through. */
  origin: z.enum(['child', 'default', 'inherited']),
  setByAccountId: idField('acc'),
});

const paidPrices = z.object({
  items: z.array(
    effectivePrice.extend({
      /** Absent: an account above that you do not see. Whether it passes on what it pays itself is not told either: 'default'. */
      setByAccountId: idField('acc').optional(),
      /** The name of that account, or of the brand of your seller where you do not see it. */
      setByName: z.string(),
    }),
  ),
});

/** What an account asks of those below it, each price under whom it was set for. */
const profileAnswer = z.object({
  items: z.array(effectivePrice.extend({ childId: idField('acc').optional() })),
});

const ratedUse = z.object({
  service: z.string(),
  meter: z.string(),
  unit: z.string(),
  dimensions,
  quantity: z.string(),
  amountPerUnit: z.object({ amount: nano, per: z.string(), ...terms }),
  amount: nano,
  /** Of a price with terms: what was billed at which price. With `topUp` the costs sum to `amount`. */
  bands: z.array(z.object({ quantity: z.string(), amount: nano, per: z.string(), cost: nano })).optional(),
  /** What the minimum of the period adds. */
  topUp: nano.optional(),
  /** Of a price with terms: the `terms` by which `listLines` finds the lines of this price. */
  terms: z.string().optional(),
});

/** Of a statement: how many lines it sums. 1, unless they are asked for by meters. */
const lineCount = z.int();

const line = ratedUse.extend({
  /** Names the line: by it `listLineDays` leads to what it was made of. Of lines by meters, it names none. */
  key: z.string(),
  lineCount,
  /** The part of each account below, the account's own use included; the parts sum to `amount`. */
  parts: z.array(
    z.object({ accountId: idField('acc'), name: z.string(), quantity: z.string(), amount: nano }),
  ),
});

/** An amount of a period that becomes money; the fraction that is left is carried to the next. */
const settled = z.object({
  /** Of this period, exact. */
  amount: nano,
  /** What the period before left over. */
  carriedIn: nano,
  /** What is really paid, in whole minor units. */
  minorUnits: z.string(),
  /** amount + carriedIn − minorUnits: carried to the next period. */
  residue: nano,
});

const statementHead = z.object({
  period,
  accountId: idField('acc'),
  /**
   * The account above, which set the prices: of that time, and the last of the period where it moved. Of one that you do not
   * see, as for `sellers`, the name of its brand alone.
   */
  sellerId: idField('acc').optional(),
  sellerName: z.string(),
  /** All of the period, in the order of time: an account that moved bought from each for its own time. */
  sellers: z.array(
    z.object({
      sellerId: idField('acc').optional(),
      sellerName: z.string(),
      from: z.iso.datetime(),
      to: z.iso.datetime(),
    }),
  ),
  currency: z.string(),
  /** 'settling': the month is over, and use that nodes report late may still change it, until `lateUsageUntil`. */
  state: z.enum(periodStates),
  /** When its documents were issued. From then on all of it stays as it was (BIL-7). */
  closedAt: z.iso.datetime().optional(),
  /**
   * Of a closed one: what is really asked for, or paid out, by its documents, with tax and with what they have of months before.
   * Without one of its side, nothing.
   */
  documents: z
    .array(
      z.object({
        side: z.enum(['charge', 'payout']),
        documentId: idField('doc'),
        documentNumber: z.string(),
        totalMinorUnits: z.string(),
      }),
    )
    .optional(),
  /** Of a closed one: what its month comes to more, or less, by now, in whole minor units. The figures have none of it. */
  corrections: z
    .array(
      z.object({
        /** 'charge': asked of the account. 'payout': paid out to it. */
        side: z.enum(['charge', 'payout']),
        minorUnits: z.string(),
        /** The later document that has it. Absent: the next one will. */
        documentId: idField('doc').optional(),
        documentNumber: z.string().optional(),
      }),
    )
    .optional(),
  lateUsageUntil: z.iso.datetime(),
  /** The account's own use, at its seller's price. */
  ownUse: nano,
  /** What its children's use costs it, at the same price. It is taken out of what they pay, and asked of nobody twice. */
  passedThrough: nano,
  /** ownUse + passedThrough: what its lines sum to. */
  payable: nano,
  /** What its children's use costs them, at the account's own price. */
  receivable: nano,
  /** What the children that pay more than their use costs pay above it. */
  margins: nano,
  /** What the children that pay less leave uncovered (BIL-2). */
  subsidies: nano,
  /** margins − subsidies = receivable − passedThrough. */
  margin: nano,
  /** What the children owe, and the margin, by currency, that of the account first: only the platform has children of several. */
  totals: z.array(z.object({ currency: z.string(), receivable: nano, margin: nano })),
  /** To be paid: ownUse, and subsidies beyond margins; rounded once, half to even. The platform is asked for nothing. */
  charge: settled.optional(),
  /** To be paid out: margins beyond subsidies, cut off. The platform pays out, and gets none (BIL-4). */
  payout: settled.optional(),
});

export const billing = defineDomain({
  name: 'billing',
  time: 'books',
  title: 'Billing',
  summary: 'Prices that nest, statements that are right to the last nano unit, and the ledger behind them.',
  events: {
    /** Of the account whose prices were set: those that it pays, or those that it asks of its children. */
    'price.set': z.object({ accountId: idField('acc'), service: z.string() }),
    ...collectingEvents,
    ...collectedTaxEvents,
    ...customerEvents,
    ...ownCollectingEvents,
    ...comparisonEvents,
    ...reminderEvents,
    ...reconciliationEvents,
    ...verificationEvents,
  },
  errors: {
    ...collectingErrors,
    ...customerErrors,
    ...ownCollectingErrors,
    ...comparisonErrors,
    ...verificationErrors,
    meter_unknown: {
      status: 422,
      title: 'The service has no such meter, dimension or value, or does not price it.',
      owner: 'client',
      retry: 'never',
      remedy: 'Use the meters and dimensions that the reference of the service lists.',
    },
    price_too_large: {
      status: 422,
      title: 'A price is larger than any month could be billed by.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Ask at most 1,000,000 of the currency for one unit, and 1,000,000,000 for a month or as a minimum; amounts are in nano units.',
    },
    currency_mismatch: {
      status: 422,
      title: 'A tree of accounts has one currency.',
      owner: 'client',
      retry: 'never',
      remedy: 'Give the price in the currency of the account.',
    },
    effective_in_past: {
      status: 422,
      title: 'A price cannot take effect in a minute that is over.',
      owner: 'client',
      retry: 'never',
      remedy: 'Leave effectiveFrom out for the running minute, or name a time to come.',
    },
  },
  resources: {
    ...collectingResources,
    ...collectedTaxResources,
    ...customerResources,
    ...ownCollectingResources,
    ...comparisonResources,
    ...ledgerResources,
    ...reminderResources,
    ...reconciliationResources,
    prices: {
      title: 'Prices',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/prices',
          summary: 'Read the prices that this account pays.',
          access: 'read',
          request: z.object({}),
          response: paidPrices,
          errors: [],
        },
        simulate: {
          method: 'POST',
          path: '/prices/simulations',
          summary:
            'Reckon the real use of a month by other prices for one child or all of them, before they are set: who would pay whom, at each level below.',
          access: 'bill',
          isTrial: true,
          request: z.strictObject({
            /** By service: what is left out of a service has no price then, and a service that is not here stays as it is. */
            services: boundedRecord(z.string(), servicePrices, SERVICE_COUNT_MAX),
            /** Absent: what all children pay that have no price of their own. */
            childId: idField('acc').optional(),
            currency,
            /** Over or running. */
            period,
            cursor: z.string().max(200).optional(),
            limit: z.int().min(1).max(100).default(50),
          }),
          response: z.object({
            period,
            currency: z.string(),
            /** On the first page: what the account pays, is paid and keeps, all its children together. */
            own: z
              .object({
                before: sellerSums,
                after: sellerSums,
                /** Children whose use would cost more than they would pay. */
                belowCostCount: z.int(),
              })
              .optional(),
            /** Each pair of buyer and seller once, from the account down: the pages sum to the whole. */
            items: z.array(
              z.object({
                buyerId: idField('acc'),
                buyerName: z.string(),
                sellerId: idField('acc'),
                sellerName: z.string(),
                currency: z.string(),
                before: edgeSums,
                after: edgeSums,
                /** The buyer would pay less than its use costs the seller. */
                isBelowCost: z.boolean(),
              }),
            ),
            nextCursor: z.string().optional(),
          }),
          errors: [
            'billing.meter_unknown',
            'billing.price_too_large',
            'billing.currency_mismatch',
            'resource.unknown',
            'request.invalid',
          ],
        },
        explain: {
          method: 'GET',
          path: '/prices/explain',
          summary:
            'Read who pays whom for each meter, at each level from here up to where the caller may see.',
          access: 'read',
          request: z.object({}),
          response: z.object({
            items: z.array(
              z.object({
                service: z.string(),
                meter: z.string(),
                where: dimensions,
                levels: z.array(
                  z.object({
                    buyerId: idField('acc'),
                    buyerName: z.string(),
                    /** Absent: an account above that you do not see. Its name is that of its brand then. */
                    sellerId: idField('acc').optional(),
                    sellerName: z.string(),
                    amount: nano,
                    per: z.string(),
                    ...terms,
                    origin: z.enum(['child', 'default', 'inherited']),
                  }),
                ),
              }),
            ),
          }),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/prices/{service}/own',
          summary:
            'Read what was set for this account alone and a service: what holds now, and what will. Only an account above it may.',
          access: 'read',
          authority: 'ancestor',
          request: z.object({ service: z.string() }),
          response: profileAnswer,
          errors: [],
        },
        set: {
          method: 'PUT',
          path: '/prices/{service}',
          summary: 'Set what this account pays for a service. Only an account above it may.',
          access: 'bill',
          authority: 'ancestor',
          replaces: 'get',
          request: setRequest,
          response: paidPrices,
          errors: [
            'billing.meter_unknown',
            'billing.price_too_large',
            'billing.currency_mismatch',
            'billing.effective_in_past',
          ],
        },
        listForChildren: {
          method: 'GET',
          path: '/child-prices',
          summary:
            'Read the prices that this account set for its children: for all of them, and for single ones.',
          access: 'read',
          request: z.object({}),
          response: profileAnswer,
          errors: [],
        },
        getForChildren: {
          method: 'GET',
          path: '/child-prices/{service}',
          summary:
            'Read what this account set for a service and all its children: what holds now, and what will.',
          access: 'read',
          request: z.object({ service: z.string() }),
          response: profileAnswer,
          errors: [],
        },
        setForChildren: {
          method: 'PUT',
          path: '/child-prices/{service}',
          summary: 'Set what all children of this account pay for a service, unless one has its own price.',
          access: 'bill',
          replaces: 'getForChildren',
          request: setRequest,
          response: profileAnswer,
          errors: [
            'billing.meter_unknown',
            'billing.price_too_large',
            'billing.currency_mismatch',
            'billing.effective_in_past',
          ],
        },
      },
    },
    spend: {
      title: 'Spend',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/spend',
          summary:
            'Read what the use of a range, or of one session, costs this account, each minute at the price that held in it.',
          access: 'read',
          request: z.object({
            /** Cut to the minute. */
            from: requestTime,
            /** At most 62 days after `from`; the minute that it lies in is included. */
            to: requestTime,
            sessionId: idField('ses').optional(),
            /** 'meters': a line for each meter and price. 'dimensions': one for each set of dimensions as well. */
            detail: z.enum(['meters', 'dimensions']).default('meters'),
          }),
          response: z.object({
            currency: z.string(),
            amount: nano,
            /**
             * A flat price and a fee belong to a whole period: their lines are named here with the amount 0, and no
             * minimum is in it. Tiers and allowances stand where the period had come to before the range began.
             */
            lines: z.array(
              ratedUse.extend({
                /** Of a price with terms: what one unit more costs, as far as its period has come. */
                next: z.object({ amount: nano, per: z.string() }).optional(),
              }),
            ),
          }),
          errors: [],
        },
      },
    },
    statements: {
      title: 'Statements',
      mount: 'account',
      operations: {
        export: exportStatements,
        verify: verifyStatements,
        list: {
          method: 'GET',
          path: '/statements',
          summary: 'Read the periods of this account, newest first.',
          access: 'read',
          request: z.object({
            /** No period before this one. Each is rated anew, so ask for no more than you need. */
            from: period.optional(),
          }),
          response: z.object({ items: z.array(statementHead) }),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/statements/{period}',
          summary: 'Read what an account owes, what it earned and how: line by line, child by child.',
          access: 'read',
          request: z.object({
            period,
            /**
             * 'lines': one for each set of dimensions. 'meters': one for each meter and price, in a fraction of the time. Of a
             * closed month with more than 1,000 lines those by meter alone are kept.
             */
            detail: z.enum(['lines', 'meters']).default('lines'),
          }),
          response: statementHead.extend({
            accountName: z.string(),
            lines: z.array(line),
            children: z.array(
              z.object({
                accountId: idField('acc'),
                name: z.string(),
                currency: z.string(),
                receivable: nano,
                cost: nano,
                margin: nano,
                lines: z.array(line.omit({ parts: true }).extend({ cost: nano, margin: nano })),
              }),
            ),
            /** The ledger's own sums for this account and period: equal to payable and receivable, or an alarm. */
            ledger: z.object({
              /** There is use of the last minutes that is not posted yet: compare when this is false. */
              isBehind: z.boolean(),
              payable: nano,
              receivable: nano,
              /** What was asked and paid out, exact: nothing before the period is over, `charge` and `payout` then. */
              charged: nano,
              paidOut: nano,
              /** How many entries `listEntries` has. */
              entryCount: z.int(),
              totals: z.array(z.object({ currency: z.string(), receivable: nano })),
            }),
          }),
          errors: [],
        },
        pay: payStatement,
        refund: refundStatement,
        void: voidStatement,
        ...trailOperations,
        listLines: {
          method: 'GET',
          path: '/statements/{period}/lines',
          summary:
            'Read the lines of a statement page by page, the dearest first. While a period is open its lines still change.',
          access: 'read',
          request: pageRequest.extend({
            period,
            service: z.string().optional(),
            /** Short name, without the service. */
            meter: z.string().optional(),
            /** Only lines at this price: `amount` and `per` together, and what its line says as `terms`: nothing for none. */
            amount: z.string().optional(),
            per: z.string().optional(),
            terms: z.string().optional(),
            /** What this child owes, instead of what the account itself owes. */
            childId: z.string().optional(),
          }),
          response: pageOf(
            line.partial({ parts: true }).extend({ cost: nano.optional(), margin: nano.optional() }),
          ),
          errors: [],
        },
        listEntries: {
          method: 'GET',
          path: '/statements/{period}/entries',
          summary:
            'Read the ledger entries of this account in a period, as they were posted. They sum to what its statement says.',
          access: 'read',
          request: pageRequest.extend({ period, limit: queryInt().min(1).max(1_000).default(100) }),
          response: pageOf(
            z.object({
              transactionId: idField('txn'),
              at: z.iso.datetime(),
              book: z.enum(ledgerBooks),
              /** Absent: of somebody above whom you do not see, who stands in `sourceRef` as `above`. */
              counterpartyId: idField('acc').optional(),
              /** Of somebody above whom you do not see, that of the brand that holds for them. */
              counterpartyName: z.string(),
              currency: z.string(),
              amount: nano,
              sourceRef: z.string(),
            }),
          ),
          errors: [],
        },
      },
    },
  },
});
