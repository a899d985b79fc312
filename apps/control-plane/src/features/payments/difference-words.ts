import type { Outputs } from '../../trpc/client.ts';

export type Difference = Outputs['reconciliation']['listDifferences']['items'][number];

const words: Readonly<Record<Difference['kind'], string>> = {
  amount: 'The invoice has another amount',
  currency: 'The invoice has another currency',
  customer: 'The invoice is of another customer',
  state: 'The invoice was ended by hand',
  missing: 'It is not there any more',
  'transfer-amount': 'Another amount was sent',
  'transfer-reversed': 'What was sent was taken back',
  'too-large': 'Stripe takes no invoice of so much',
};

/** What is otherwise at Stripe, to somebody who looks after the money. */
export const differenceText = ({ kind }: Pick<Difference, 'kind'>): string => words[kind];

/** What is held of tax for a seller is no document and has no number: its id says what it is. */
export const isTaxHeld = (documentId: string): boolean => documentId.startsWith('tax/');

/** Tax that was passed on and that somebody took back at Stripe. */
export const isReturnedTax = ({
  documentId,
  kind,
  endedAt,
}: Pick<Difference, 'documentId' | 'kind' | 'endedAt'>): boolean =>
  isTaxHeld(documentId) && kind === 'transfer-reversed' && endedAt === undefined;
