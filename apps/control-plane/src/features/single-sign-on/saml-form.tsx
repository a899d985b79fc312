'use client';

import { sso } from '@patchbay/domain/sso/definition';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { TextArea } from '@patchbay/ui/text-area';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useSavedToast } from '../form/use-saved-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { CertificateList } from './certificate-list.tsx';
import { joinCertificates, splitCertificates } from './certificate-texts.ts';
import { CheckBox } from './check-box.tsx';
import { type ProviderFormProps, useRoleFields } from './role-fields.tsx';

const schema = sso.resources.sso.operations.setSaml.request;

const ways = [
  { value: 'metadataUrl', label: 'By the address of its metadata' },
  { value: 'metadata', label: 'By its metadata, pasted here' },
  { value: 'hand', label: 'By hand' },
] as const;

const attributeFields = [
  { name: 'email', label: 'Attribute with the address' },
  { name: 'name', label: 'Attribute with the name' },
  { name: 'groups', label: 'Attribute with the groups' },
] as const;

/** A provider of SAML. */
export function SamlForm({ found, roles }: ProviderFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const saved = useSavedToast();
  const provider = found.provider?.kind === 'saml' ? found.provider : undefined;
  const isByHand = provider !== undefined && provider.metadataUrl === undefined;
  const [way, setWay] = useState<string>(isByHand ? 'hand' : 'metadataUrl');
  const [metadata, setMetadata] = useState('');
  const [certificates, setCertificates] = useState(joinCertificates(provider?.certificates ?? []));
  const [acceptsUnasked, setAcceptsUnasked] = useState(provider?.acceptsUnasked ?? false);
  const [signsRequests, setSignsRequests] = useState(provider?.signsRequests ?? false);
  const given = useRoleFields(found.provider, roles);
  const set = useMutation(trpc.sso.setSaml.mutationOptions({ onSuccess: saved }));
  const form = useForm({
    schema,
    read: (text) => {
      const attributes = attributeFields.map(({ name }) => [name, text(name)] as const);
      return {
        ...(way === 'metadataUrl' ? { metadataUrl: text('metadataUrl').trim() } : {}),
        ...(way === 'metadata' ? { metadata } : {}),
        ...(way === 'hand'
          ? {
              entityId: text('entityId'),
              signInUrl: text('signInUrl').trim(),
              certificates: splitCertificates(certificates),
            }
          : {}),
        attributes: Object.fromEntries(attributes.filter(([, name]) => name.trim() !== '')),
        acceptsUnasked,
        signsRequests,
        ...given.values,
      };
    },
    onValid: (fields) => {
      if (given.isReadable) set.mutate({ accountId, ...fields });
    },
    refusal: set.error,
    fieldsByCode: {},
  });
  return (
    <form {...form.props} className="grid max-w-xl gap-4">
      {provider === undefined ? null : <CertificateList certificates={provider.certificates} />}
      <Labelled label="Who it is" hint="By its metadata nothing is mistyped.">
        <Select label="Who it is" value={way} options={ways} onChange={setWay} />
      </Labelled>
      {way === 'metadataUrl' ? (
        <Field
          label="Address of its metadata"
          name="metadataUrl"
          defaultValue={provider?.metadataUrl}
          placeholder="https://login.example.com/metadata"
          autoComplete="off"
          hint="It is fetched when you save: save again when your provider changed its key."
          error={form.errorOf('metadataUrl')}
        />
      ) : null}
      {way === 'metadata' ? (
        <TextArea
          label="Its metadata"
          rows={6}
          placeholder="<EntityDescriptor …"
          value={metadata}
          onChange={setMetadata}
          error={form.errorOf('metadata')}
          hint="The whole XML document."
        />
      ) : null}
      {way === 'hand' ? (
        <>
          <Field
            label="Its entity id (issuer)"
            name="entityId"
            defaultValue={provider?.issuer}
            autoComplete="off"
            error={form.errorOf('entityId')}
          />
          <Field
            label="Its sign-in address"
            name="signInUrl"
            defaultValue={provider?.signInUrl}
            autoComplete="off"
            hint="Where browsers are sent, by redirect."
            error={form.errorOf('signInUrl')}
          />
          <TextArea
            label="Its signing certificates"
            rows={6}
            placeholder="-----BEGIN CERTIFICATE-----"
            value={certificates}
            onChange={setCertificates}
            error={form.errorOf('certificates')}
            hint="One below the other: the next one beside the old one, before it changes its key."
          />
        </>
      ) : null}
      {given.fields}
      <details className="grid gap-4">
        <summary className="cursor-pointer font-medium">
          Names of attributes, signing in from there, and signed requests
        </summary>
        <div className="mt-3 grid gap-4">
          {attributeFields.map(({ name, label }) => (
            <Field
              key={name}
              label={label}
              name={name}
              defaultValue={provider?.attributes[name]}
              placeholder="one of the usual names"
              autoComplete="off"
              error={name === 'email' ? form.errorOf('attributes') : undefined}
            />
          ))}
          <CheckBox
            label="Take people who come from the provider without having been sent there"
            hint="As tiles on its start page do. Then anybody there can sign another browser in as themselves: leave it off if people can begin here."
            isChecked={acceptsUnasked}
            onChange={setAcceptsUnasked}
          />
          <CheckBox
            label="Sign our requests"
            hint="With our key pair, for a provider that takes no others. Make a key pair first, and give it the certificate."
            isChecked={signsRequests}
            onChange={setSignsRequests}
          />
        </div>
      </details>
      <FormEnd refusal={form.refusal} verb="Save the provider" isPending={set.isPending} />
    </form>
  );
}
