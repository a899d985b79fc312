import { Tabs } from 'radix-ui';
import type { ReactNode } from 'react';
import { CopyButton } from './copy-button.tsx';

export interface Snippet {
  /** SDK, curl, CLI. */
  readonly name: string;
  readonly code: string;
}

export interface CodePanelProps {
  readonly title?: string;
  readonly snippets: readonly Snippet[];
}

/** The same action as code, in each tongue we offer, ready to be copied. */
export function CodePanel({ title, snippets }: CodePanelProps): ReactNode {
  const first = snippets[0];
  if (first === undefined) return null;
  return (
    <Tabs.Root
      defaultValue={first.name}
      className="min-w-0 overflow-hidden rounded-md border border-line bg-surface"
    >
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-4 border-b border-line pl-3">
        <span className="py-1 font-medium">{title}</span>
        <Tabs.List aria-label={title ?? 'As code'} className="flex">
          {snippets.map(({ name }) => (
            <Tabs.Trigger
              key={name}
              value={name}
              className="-mb-px h-9 border-b-2 border-transparent px-2.5 text-sm text-ink-soft hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
            >
              {name}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
      </div>
      {snippets.map(({ name, code }) => (
        <Tabs.Content key={name} value={name} className="relative" tabIndex={-1}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
          <pre className="overflow-x-auto py-2.5 pr-10 pl-3 text-sm leading-5" tabIndex={0}>
            <code>{code}</code>
          </pre>
          <CopyButton
            text={code}
            label={`Copy the ${name} code`}
            className="absolute top-2 right-2 bg-surface"
          />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
