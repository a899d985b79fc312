'use client';

import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { TextArea } from '@patchbay/ui/text-area';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Inputs, type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { percentText, readPercent, readTaxRules, taxRulesText } from './tax-rules-text.ts';

type Seller = Outputs['sellers']['get'];

/** What stands on documents of the account, as seller and as buyer, from the next one on. */
export function SellerDetails(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const seller = useQuery(trpc.sellers.get.queryOptions({ accountId }));
  if (seller.data === undefined) return null;
  return (
    <IfMay to="sellers.set">
      <Button onClick={() => setOpen(true)}>Name and tax</Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="What stands on documents"
        description="Of this account, as the one who sells and as the one who buys, from the next document on."
      >
        <SellerForm seller={seller.data} onDone={() => setOpen(false)} />
      </Dialog>
    </IfMay>
  );
}

/** As it is typed. */
const textsOf = (seller: Seller) => ({
  legalName: seller.legalName,
  address: seller.addressLines.join('\n'),
  country: seller.country ?? '',
  taxId: seller.taxId ?? '',
  email: seller.email ?? '',
  numberPrefix: seller.numberPrefix,
  paymentDays: String(seller.paymentDays),
  taxName: seller.taxName,
  taxPercent: percentText(seller.taxBasisPoints),
  taxRules: taxRulesText(seller.taxRules),
});
type Texts = ReturnType<typeof textsOf>;

/** Undefined: something of it cannot be so. */
function readSeller(texts: Texts, accountId: string): Inputs['sellers']['set'] | undefined {
  const [taxBasisPoints, taxRules] = [readPercent(texts.taxPercent), readTaxRules(texts.taxRules)];
  const paymentDays = Number(texts.paymentDays);
  const { legalName, country, taxId, email, numberPrefix, taxName } = texts;
  const isRight =
    /^\d{1,3}$/.test(texts.paymentDays) && legalName.trim() !== '' && /^([A-Z]{2})?$/.test(country);
  if (taxBasisPoints === undefined || taxRules === undefined || !isRight) return undefined;
  return {
    ...{ accountId, legalName, numberPrefix, paymentDays, taxName, taxBasisPoints, taxRules },
    addressLines: texts.address.split('\n').filter((line) => line.trim() !== ''),
    ...(country === '' ? {} : { country }),
    ...(taxId.trim() === '' ? {} : { taxId }),
    ...(email.trim() === '' ? {} : { email: email.trim() }),
  };
}

function SellerForm({ seller, onDone }: { readonly seller: Seller; readonly onDone: () => void }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const [texts, setTexts] = useState(() => textsOf(seller));
  const set = useMutation(
    trpc.sellers.set.mutationOptions({
      onSuccess: async () => {
        show({ tone: 'live', title: 'It stands on the next document.' });
        onDone();
        await queries.invalidateQueries({ queryKey: trpc.sellers.pathKey() });
      },
    }),
  );
  const request = readSeller(texts, accountId);
  const field = (name: keyof Texts, label: string, rest: { readonly unit?: string } = {}) => (
    <Field
      label={label}
      value={texts[name]}
      onChange={(event) => setTexts({ ...texts, [name]: event.target.value })}
      {...rest}
    />
  );
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (request !== undefined) set.mutate(request);
      }}
    >
      {field('legalName', 'Legal name')}
      <TextArea
        label="Address"
        hint="At most six lines."
        error={undefined}
        value={texts.address}
        onChange={(address) => setTexts({ ...texts, address })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        {field('country', 'Country, such as DE')}
        {field('taxId', 'Tax id')}
        {field('email', 'Where invoices are sent')}
        {field('numberPrefix', 'Before the number of each')}
        {field('paymentDays', 'Due after', { unit: 'days' })}
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        {field('taxName', 'Tax is called')}
        {field('taxPercent', 'Where no country below says otherwise', { unit: '%' })}
      </div>
      <TextArea
        label="Tax by the country of the buyer"
        hint="A line for each: FR TVA 20. With reverse behind it, businesses with a tax id owe it themselves."
        placeholder={'FR TVA 20 reverse\nCH MWST 8.1'}
        error={readTaxRules(texts.taxRules) === undefined ? 'A line says no tax of a country.' : undefined}
        value={texts.taxRules}
        onChange={(taxRules) => setTexts({ ...texts, taxRules })}
      />
      {set.error === null ? null : <ProblemNote error={set.error} />}
      <DialogActions>
        <Button type="submit" variant="primary" disabled={request === undefined} isPending={set.isPending}>
          Save
        </Button>
      </DialogActions>
    </form>
  );
}
