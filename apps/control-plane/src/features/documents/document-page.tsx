'use client';

import { Button } from '@patchbay/ui/button';
import { Skeleton, TableSkeleton } from '@patchbay/ui/skeleton';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Download, ExternalLink, Printer } from 'lucide-react';
import Link from 'next/link';
import { useParams } from 'next/navigation';
import type { ReactNode } from 'react';
import { useTRPC, useTRPCClient } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { downloadBytes } from '../download/download.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { DocumentChanges } from './document-changes.tsx';
import { DocumentMoney } from './document-money.tsx';
import { DocumentSheet } from './document-sheet.tsx';
import { DocumentState } from './document-state.tsx';
import { kindTitles } from './printed-document.ts';

const REFRESH_MS = 10_000;
const CLOCK_MS = 60_000;

/** One document as it is printed, in the look of its seller, and beside it what became of it. */
export function DocumentPage(): ReactNode {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const accountId = useAccountId();
  const nowMs = useNow(CLOCK_MS);
  const { documentId } = useParams<{ documentId: string }>();
  const request = { accountId, documentId };
  const query = useQuery(trpc.documents.get.queryOptions(request, { refetchInterval: REFRESH_MS }));
  const pdf = useMutation({
    mutationFn: () => client.documents.getPdf.query(request),
    onSuccess: ({ fileName, mediaType, base64 }) => downloadBytes(fileName, { mediaType, base64 }),
  });
  const document = query.data;
  const payUrl = document?.standing?.payUrl;
  return (
    <article>
      <p className="mb-1 print:hidden">
        <Link
          href={pagePath(accountId, 'documents')}
          className="text-ink-soft hover:text-ink hover:underline"
        >
          Documents
        </Link>
      </p>
      <div className="print:hidden">
        <PageHeader
          title={document === undefined ? 'Document' : `${kindTitles[document.kind]} ${document.number}`}
          scope={
            document === undefined ? undefined : (
              <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <DocumentState document={document} nowMs={nowMs} />
                <span>
                  of {document.sellerName} to {document.accountName}
                </span>
              </span>
            )
          }
          examples={[
            exampleOf({ operation: 'documents.get', input: request }),
            exampleOf({ operation: 'documents.getPdf', input: request }),
          ]}
          actions={
            <>
              <Button
                onClick={() => pdf.mutate()}
                isPending={pdf.isPending}
                disabled={document === undefined}
              >
                <Download aria-hidden />
                PDF
              </Button>
              <Button className="max-sm:hidden" onClick={() => window.print()}>
                <Printer aria-hidden />
                Print
              </Button>
              {payUrl === undefined ? null : (
                <Button asChild variant="primary">
                  <a href={payUrl} target="_blank" rel="noreferrer">
                    <ExternalLink aria-hidden />
                    Pay
                  </a>
                </Button>
              )}
            </>
          }
        />
      </div>
      {pdf.error === null ? null : <ProblemNote error={pdf.error} />}
      {query.error !== null && document === undefined ? (
        <ProblemNote error={query.error} onRetry={() => void query.refetch()} />
      ) : null}
      {query.isPending && query.error === null ? (
        <div className="grid gap-6">
          <Skeleton className="h-40" />
          <TableSkeleton rows={4} />
        </div>
      ) : null}
      {document === undefined ? null : (
        <div className="grid grid-cols-1 gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_18rem] print:block">
          <DocumentSheet document={document} />
          <div className="grid content-start gap-6 print:hidden">
            <DocumentMoney document={document} />
            <DocumentChanges document={document} />
          </div>
        </div>
      )}
    </article>
  );
}
