import type { AnyBook } from '@patchbay/domain/billing/ledger-reader';

/** Each book as it is called where somebody reads it, and what its entries are. */
export const bookWords: Readonly<Record<AnyBook, { readonly title: string; readonly says: string }>> = {
  payable: {
    title: 'Owed for use',
    says: 'What all use costs this account, at the prices of the account above.',
  },
  receivable: { title: 'Owed by customers', says: 'What the use of those below costs them, at your prices.' },
  charged: { title: 'Asked for', says: 'What of a month is asked of this account, in whole units.' },
  'paid-out': { title: 'To be paid out', says: 'What of a month this account is paid, in whole units.' },
  carry: { title: 'Fraction to pay', says: 'What rounding leaves, and the next month has.' },
  payout: { title: 'Fraction earned', says: 'What cutting a payout off leaves, and the next month has.' },
  invoiced: { title: 'Open invoices', says: 'What was invoiced and is not paid yet.' },
  tax: {
    title: 'Tax',
    says: 'What of the invoices is the state’s. Below zero: what you owe it for what was paid in your name.',
  },
  owed: { title: 'Open payouts', says: 'What was earned and is not sent yet.' },
  disputed: { title: 'Disputed', says: 'What a bank holds while a payment is disputed.' },
  clearing: {
    title: 'Money',
    says: 'What this account paid, below zero, and what it got. Of the platform, what is there.',
  },
  balance: { title: 'Prepaid', says: 'What was paid in before it was used, and is left.' },
  drawn: { title: 'Prepaid use', says: 'What the balance paid for use that is on no invoice yet.' },
  granted: {
    title: 'Given to others',
    says: 'Credit that this account gave and has not paid for, below zero: payouts and invoices pay for what others used.',
  },
  'written-off': {
    title: 'Written off',
    says: 'What a bank took back beyond what had been paid. Whoever collects has lost it.',
  },
  'tax-held': {
    title: 'Tax held for you',
    says: 'What was paid as tax on invoices in your name, and is not passed on yet.',
  },
};
