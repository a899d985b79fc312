/** What happened, and in which book it is seen: together they say it to somebody who keeps no books. */
interface Moved {
  readonly what: string;
  readonly book: string;
  readonly amount: string;
  /** Seen by the platform, whose side of a movement is the other one. Default: by the account that it is of. */
  readonly isOfPlatform?: boolean;
}

const words: Readonly<Record<string, string>> = {
  'issued invoiced': 'Invoice issued',
  'issued tax': 'Tax of the invoice',
  'issued owed': 'Payout noted',
  'paid invoiced': 'Invoice paid',
  'paid clearing': 'Payment',
  'paid drawn': 'Invoice paid by the balance',
  'refund clearing': 'Given back',
  'refund balance': 'Money paid in went back',
  'refund-failed owed': 'It could not be given back',
  'refund-failed balance': 'Back in the balance: it could not be given back',
  'balance-refund balance': 'Asked back of the balance',
  'balance-refund owed': 'To be given back of the balance',
  'disputed balance': 'Money paid in is disputed',
  'dispute-won balance': 'Money paid in is back: the dispute was won',
  'refund tax': 'Tax given back',
  'disputed disputed': 'Disputed: held by a bank',
  'disputed tax': 'Tax of what is disputed',
  'dispute-won disputed': 'Dispute won',
  'dispute-won tax': 'Tax of the dispute that was won',
  'dispute-lost disputed': 'Dispute lost',
  'dispute-lost clearing': 'Went back by a lost dispute',
  'dispute-lost written-off': 'Taken by a bank beyond what was paid',
  'refund written-off': 'Given back beyond what was paid',
  'covered invoiced': 'Paid by the balance',
  'covered drawn': 'Overdraft paid off',
  'void invoiced': 'Invoice void',
  'void tax': 'Tax of the void invoice',
  'compared owed': 'Not owed: a customer was compared alone',
  'payout owed': 'Payout settled',
  'payout clearing': 'Payout',
  'drawn balance': 'Balance used',
  'drawn drawn': 'Use paid by the balance',
  'paid balance': 'Money paid in',
  'tax tax-held': 'Tax passed on',
  'tax clearing': 'Tax passed on to your account',
  'tax-back tax-held': 'Tax is held again',
  'tax-back clearing': 'Tax taken back',
  'set-off tax-held': 'Kept of the tax for credit you gave',
  'issued granted': 'Credit you gave, asked for by the invoice',
  'set-off owed': 'Kept of the payout for credit you gave',
  'set-off granted': 'Credit you gave, paid by the payout',
  'credit balance': 'Credit received',
  'credit granted': 'Credit given',
  'credit-ended balance': 'Credit ended',
  'credit-ended granted': 'Given credit came back',
};

export function movementText({ what, book, amount, isOfPlatform = false }: Moved): string {
  const isLess = BigInt(amount) < 0n !== isOfPlatform;
  if (what === 'tax' && isLess === (book === 'clearing')) return words[`tax-back ${book}`] ?? what;
  const said = words[`${what} ${book}`];
  // What somebody below paid, or got back, moves what those above are owed.
  if (said === undefined && book === 'owed')
    return `${isLess ? 'Less' : 'More'} is owed ${isOfPlatform ? 'by the platform' : 'to you'}`;
  if (said === undefined && book === 'granted')
    return `${isLess ? 'Less' : 'More'} of the credit ${isOfPlatform ? 'that others' : 'you'} gave is paid for`;
  // Of buyers there is tax where it is asked for and where it goes back: what moves with a payment is of who sold.
  if (said === undefined && book === 'tax')
    return `${isLess ? 'More' : 'Less'} tax is ${isOfPlatform ? 'a seller’s' : 'yours'} to declare`;
  // Of an invoice in its own name: what others were given back, its seller has less of.
  if (said === undefined && book === 'tax-held')
    return `${isLess ? 'Less' : 'More'} tax is held for ${isOfPlatform ? 'a seller' : 'you'}`;
  if (what === 'payout' && book === 'clearing' && isLess) return 'Payout taken back';
  if (what === 'payout' && book === 'owed' && !isLess) return 'Payout unsettled';
  return said ?? `${what}, ${book}`;
}
