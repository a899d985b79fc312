'use client';

import { logic } from '@patchbay/domain/logic/definition';
import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { CopyButton } from '@patchbay/ui/copy-button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { type ReactNode, useState } from 'react';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { type LogicScope, useLogic } from './use-logic.ts';

const fieldsByCode = { 'callback.address_forbidden': { field: 'url', isExplained: true } } as const;
const schema = logic.resources.logic.operations.set.request.pick({ url: true, fallbackUrl: true });
const kindOptions = [
  { value: 'json', label: 'JSON, signed as webhooks are' },
  { value: 'twiml', label: 'XML, as the applications of other platforms answer' },
] as const;
type Kind = (typeof kindOptions)[number]['value'];

/** Sets where the logic of a place is fetched, and shows the secret where there was none before. */
export function LogicForm({
  scope,
  onDone,
}: {
  readonly scope: LogicScope;
  readonly onDone: () => void;
}): ReactNode {
  const { accountId, place, own, set } = useLogic(scope);
  const [kind, setKind] = useState<Kind>(own?.kind ?? 'json');
  const form = useForm({
    schema,
    read: (text) => ({
      url: text('url').trim(),
      ...(text('fallbackUrl').trim() === '' ? {} : { fallbackUrl: text('fallbackUrl').trim() }),
    }),
    onValid: (fields) =>
      set.mutate(
        { accountId, ...place, kind, ...fields },
        { onSuccess: ({ secret }) => (secret === undefined ? onDone() : undefined) },
      ),
    refusal: set.error,
    fieldsByCode,
  });
  const secret = set.data?.secret;
  if (secret !== undefined) return <LogicSecret secret={secret} onDone={onDone} />;
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title="Application logic"
      description="Your server is asked at each call, and answers with a document. Nobody rings before it did."
    >
      <form {...form.props} className="grid gap-4">
        <Labelled label="Form">
          <Select label="Form" value={kind} options={kindOptions} onChange={setKind} />
        </Labelled>
        <Field
          label="Address"
          name="url"
          inputMode="url"
          placeholder="https://api.example.com/calls"
          defaultValue={own?.url}
          error={form.errorOf('url')}
        />
        <Field
          label="Fallback address"
          name="fallbackUrl"
          inputMode="url"
          defaultValue={own?.fallbackUrl}
          hint="Asked when the first one does not answer with a document. May be left empty."
          error={form.errorOf('fallbackUrl')}
        />
        <FormEnd refusal={form.refusal} verb="Set" isPending={set.isPending} onLeave={onDone} />
      </form>
    </Dialog>
  );
}

const handlerSnippets = [
  {
    name: 'Node',
    code: `import { logic, logicHandler } from '@patchbay/sdk-node';

export const POST = logicHandler(process.env.PATCHBAY_LOGIC_SECRET, () =>
  logic().dial(['user:bob', 'user:carol'], { timeoutSeconds: 20 }),
);`,
  },
] as const;

/** The secret of the account's logic, this once: it is stored encrypted and never shown again. */
function LogicSecret({
  secret,
  onDone,
}: {
  readonly secret: string;
  readonly onDone: () => void;
}): ReactNode {
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title="The secret of your logic"
      description="Copy it now: it is shown this once. With it your server sees that a request is from here. All addresses of the account have the same."
    >
      <div className="flex items-center gap-2 rounded-md border border-accent/50 bg-accent/8 px-3 py-2">
        <code className="min-w-0 flex-1 text-sm break-all" data-secret>
          {secret}
        </code>
        <CopyButton text={secret} label="Copy the secret" />
      </div>
      <div className="mt-4">
        <CodePanel title="Your server, with PATCHBAY_LOGIC_SECRET set" snippets={handlerSnippets} />
      </div>
      <DialogActions>
        <Button variant="primary" onClick={onDone}>
          I have it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
