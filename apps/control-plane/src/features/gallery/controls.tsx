'use client';

import { Button, IconButton } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { CopyButton, Identifier } from '@patchbay/ui/copy-button';
import { Dialog } from '@patchbay/ui/dialog';
import { FieldSet } from '@patchbay/ui/field-set';
import { Field, Input } from '@patchbay/ui/input';
import { Key } from '@patchbay/ui/keyboard';
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@patchbay/ui/menu';
import { Select } from '@patchbay/ui/select';
import { Tabs } from '@patchbay/ui/tabs';
import { useToast } from '@patchbay/ui/toast';
import { Ellipsis, Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Section } from './section.tsx';

const buckets = [
  { value: 'minute', label: 'minute' },
  { value: 'hour', label: 'hour' },
  { value: 'day', label: 'day' },
] as const;

/** All that is pressed, typed into or chosen from, in each of its states. */
export function Controls(): ReactNode {
  const [bucket, setBucket] = useState<(typeof buckets)[number]['value']>('hour');
  return (
    <>
      <Section title="Button">
        <Button variant="primary">
          <Plus aria-hidden />
          Primary
        </Button>
        <Button>Secondary</Button>
        <Button variant="ghost">Ghost</Button>
        <Button variant="danger">Danger</Button>
        <Button size="small">Small</Button>
        <Button size="large">Large</Button>
        <Button isPending>Pending</Button>
        <Button disabled>Disabled</Button>
        <IconButton label="More">
          <Ellipsis aria-hidden />
        </IconButton>
      </Section>
      <Section title="Input">
        <Field className="w-60" label="Name" placeholder="Acme Clinics" hint="As your customers know it." />
        <Field className="w-60" label="Price" defaultValue="0,40" error="Digits and one point." unit="EUR" />
        <Input aria-label="Disabled" className="w-40" disabled value="disabled" readOnly />
        <FieldSet isDisabled>
          <Field className="w-60" label="Only read" defaultValue="Acme Clinics" hint="Your role may look." />
          <Select label="Only read" value={bucket} options={buckets} onChange={setBucket} />
        </FieldSet>
      </Section>
      <Section title="Select">
        <Select label="Bucket" value={bucket} options={buckets} onChange={setBucket} />
        <Select label="Per" isLabelled value={bucket} options={buckets} onChange={setBucket} />
      </Section>
      <Section title="Tabs">
        <Tabs
          label="Example tabs"
          items={[
            { key: 'keys', label: 'API keys', count: 3, isCurrent: true },
            { key: 'team', label: 'Team', isCurrent: false },
          ]}
          renderLink={({ key }, className, children) => (
            <a key={key} href={`#${key}`} className={className}>
              {children}
            </a>
          )}
        />
      </Section>
      <Overlays />
      <Section title="Id and copy">
        <Identifier id="acc_038gdp5dzwzhsnws6nxmwf5b8zepx" />
        <Identifier id="acc_038gdp5dzwzhsnws6nxmwf5b8zepx" isShort />
        <CopyButton text="copied" label="Copy" />
        <Key>⌘</Key>
        <Key>K</Key>
      </Section>
    </>
  );
}

function Overlays(): ReactNode {
  const toast = useToast();
  const [open, setOpen] = useState<'dialog' | 'side' | 'confirm'>();
  const close = () => setOpen(undefined);
  return (
    <Section title="Dialog, menu, toast">
      <Button onClick={() => setOpen('dialog')}>Dialog</Button>
      <Button onClick={() => setOpen('side')}>At the side</Button>
      <Button onClick={() => setOpen('confirm')}>Confirmation</Button>
      <Menu trigger={<Button>Menu</Button>} align="start">
        <MenuLabel>Account</MenuLabel>
        <MenuItem onSelect={close}>Open</MenuItem>
        <MenuSeparator />
        <MenuItem isDanger onSelect={close}>
          Close for good…
        </MenuItem>
      </Menu>
      <Button
        onClick={() => toast({ tone: 'live', title: 'Saved.', detail: 'The prices hold from now on.' })}
      >
        Toast
      </Button>
      <Button onClick={() => toast({ tone: 'fail', title: 'Refused.', detail: 'A limit is reached.' })}>
        Failed toast
      </Button>
      <Dialog
        isOpen={open === 'dialog'}
        onOpenChange={close}
        title="Dialog"
        description="For a question or a form."
      >
        <p>Escape closes it.</p>
      </Dialog>
      <Dialog isOpen={open === 'side'} onOpenChange={close} title="At the side" placement="side">
        <p>For something to read beside the page.</p>
      </Dialog>
      <ConfirmDialog
        isOpen={open === 'confirm'}
        onOpenChange={close}
        title="Suspend Acme?"
        verb="Suspend"
        name="Acme"
        onConfirm={close}
      >
        <p>This stops 3 accounts and ends 2 running sessions.</p>
      </ConfirmDialog>
    </Section>
  );
}
