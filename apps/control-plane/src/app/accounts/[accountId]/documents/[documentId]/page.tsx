import type { Metadata } from 'next';
import { DocumentPage } from '../../../../../features/documents/document-page.tsx';

export const metadata: Metadata = { title: 'Document' };

export default function Page() {
  return <DocumentPage />;
}
