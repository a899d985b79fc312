import { Tabs } from 'radix-ui';
import { type ReactNode, useState } from 'react';
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
  // By place: a name may have a space, and an id of the page is made of it.
  const [chosen, setChosen] = useState('0');
  const shown = snippets[Number(chosen)] ?? snippets[0];
  if (shown === undefined) return null;
  return (
    <Tabs.Root
      value={String(snippets.indexOf(shown))}
      onValueChange={setChosen}
      className="min-w-0 overflow-hidden rounded-md border border-line bg-surface"
    >
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-4 border-b border-line pr-1.5 pl-3">
        <span className="py-1 font-medium">{title}</span>
        <div className="flex min-w-0 items-center justify-between gap-1.5 max-sm:-ml-2.5 max-sm:w-full">
          <Tabs.List aria-label={title ?? 'As code'} className="-mb-px flex min-w-0 overflow-x-auto">
            {snippets.map(({ name }, index) => (
              <Tabs.Trigger
                key={name}
                value={String(index)}
                className="h-9 whitespace-nowrap border-b-2 border-transparent px-2.5 text-sm text-ink-soft hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
              >
                {name}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          <CopyButton text={shown.code} label={`Copy the ${shown.name} code`} />
        </div>
      </div>
      {snippets.map(({ name, code }, index) => (
        <Tabs.Content key={name} value={String(index)} tabIndex={-1}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
          <pre className="overflow-x-auto px-3 py-2.5 text-sm leading-5" tabIndex={0}>
            <code>{code}</code>
          </pre>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
