import type { Metadata } from 'next';
import { ErrorList } from '../../../features/error-pages/error-page-view.tsx';
import { errorPages } from '../../../features/error-pages/error-pages.ts';

export const metadata: Metadata = { title: 'Errors' };

export default function Page() {
  return <ErrorList pages={errorPages()} />;
}
