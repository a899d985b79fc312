import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import type { Metadata } from 'next';
import Link from 'next/link';
import { type LinkParams, linkMetadata } from '../../../features/brand/linked-pages.tsx';
import { Entry } from '../../../features/sign-in/entry.tsx';
import { SendAtOnce } from '../../../features/sign-in/send-at-once.tsx';

export const generateMetadata = (page: LinkParams): Promise<Metadata> =>
  linkMetadata('Confirm your address', page);
export const dynamic = 'force-dynamic';

const { email_taken: taken } = tenancy.errors;
/** Where a link leads that did nothing. */
const endings: Readonly<Record<string, { readonly title: string; readonly lead: string }>> = {
  used: {
    title: 'This link does not work any more',
    lead: 'It was used already, or is too old. Sign in, and have a new one sent.',
  },
  taken: { title: taken.title, lead: taken.remedy },
};

export default async function Page({ params }: LinkParams) {
  const { token } = await params;
  const ending = endings[token];
  if (ending !== undefined) {
    return (
      <Entry {...ending}>
        <Link href="/sign-in" className="font-medium text-accent hover:underline">
          To the sign-in
        </Link>
      </Entry>
    );
  }
  return (
    <Entry title="Confirm your address" lead="One moment.">
      <SendAtOnce action={`/verify/${encodeURIComponent(token)}/confirm`}>
        <Button variant="primary" size="large" type="submit">
          Confirm the address
        </Button>
      </SendAtOnce>
    </Entry>
  );
}
