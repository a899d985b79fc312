import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { ErrorPageView } from '../../../../features/error-pages/error-page-view.tsx';
import { errorPageOf, errorPages } from '../../../../features/error-pages/error-pages.ts';

interface Props {
  readonly params: Promise<{ readonly code: string }>;
}

export const generateStaticParams = () => errorPages().map(({ code }) => ({ code }));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await params).code };
}

export default async function Page({ params }: Props) {
  const page = errorPageOf((await params).code);
  if (page === undefined) notFound();
  return <ErrorPageView page={page} />;
}
