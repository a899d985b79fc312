import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import { Button, IconButton } from './button.tsx';

interface Message {
  readonly key: number;
  readonly tone: 'live' | 'fail';
  readonly title: string;
  readonly detail?: string | undefined;
  /** Takes back what was done, say. */
  readonly action?: { readonly label: string; readonly onSelect: () => void } | undefined;
}

type Show = (message: Omit<Message, 'key'>) => void;

const Context = createContext<Show>(() => {});
const MESSAGES_MAX = 4;
const SHOWN_MS = 6_000;

/** Says that something worked, or did not, where the thing itself does not show it. */
export const useToast = (): Show => useContext(Context);

/** Holds the messages of all that lies within. Past four the oldest goes. */
export function ToastProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const show = useCallback<Show>((message) => {
    setMessages((shown) => [...shown, { ...message, key: Date.now() + shown.length }].slice(-MESSAGES_MAX));
  }, []);
  const remove = (key: number) => setMessages((shown) => shown.filter((message) => message.key !== key));
  return (
    <Context.Provider value={show}>
      <Radix.Provider duration={SHOWN_MS} label="Message">
        {children}
        {messages.map(({ key, tone, title, detail, action }) => (
          <Radix.Root
            key={key}
            onOpenChange={(isOpen) => {
              if (!isOpen) remove(key);
            }}
            className="flex animate-appear items-start gap-2.5 rounded-md border border-line-strong bg-raised py-2 pr-1 pl-3"
          >
            {tone === 'live' ? (
              <CircleCheck className="mt-1.5 size-4 shrink-0 text-live" aria-hidden />
            ) : (
              <CircleAlert className="mt-1.5 size-4 shrink-0 text-fail" aria-hidden />
            )}
            <div className="min-w-0 flex-1 py-1">
              <Radix.Title className="font-medium">{title}</Radix.Title>
              {detail === undefined ? null : (
                <Radix.Description className="text-ink-soft">{detail}</Radix.Description>
              )}
            </div>
            {action === undefined ? null : (
              <Radix.Action asChild altText={action.label}>
                <Button size="small" onClick={action.onSelect}>
                  {action.label}
                </Button>
              </Radix.Action>
            )}
            <Radix.Close asChild>
              <IconButton label="Dismiss">
                <X aria-hidden />
              </IconButton>
            </Radix.Close>
          </Radix.Root>
        ))}
        <Radix.Viewport className="fixed right-4 bottom-4 z-50 grid w-[min(24rem,calc(100vw-2rem))] gap-2 max-md:bottom-20" />
      </Radix.Provider>
    </Context.Provider>
  );
}
