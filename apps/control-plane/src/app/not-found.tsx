import Link from 'next/link';
import type { ReactNode } from 'react';
import { Entry } from '../features/sign-in/entry.tsx';

export default function NotFound(): ReactNode {
  return (
    <Entry title="There is nothing at this address" lead="A link may be old, or an id cut short.">
      <Link href="/" className="font-medium text-accent hover:underline">
        To the dashboard
      </Link>
    </Entry>
  );
}
