'use client';

import { type ReactNode, useState } from 'react';
import type { Outputs } from '../../trpc/client.ts';
import { useMay } from '../shell/use-may.ts';
import { OidcForm } from './oidc-form.tsx';
import type { ProviderFormProps } from './role-fields.tsx';
import { SamlForm } from './saml-form.tsx';
import { SamlKeys } from './saml-keys.tsx';
import { Step, ToCopy } from './step.tsx';

type Sso = Outputs['sso']['get'];
type Kind = NonNullable<Sso['provider']>['kind'];

const kinds = [
  { kind: 'oidc', label: 'OpenID Connect' },
  { kind: 'saml', label: 'SAML 2.0' },
] as const;

/** Where people sign in, and what they get when they do. */
export function ProviderStep({ found, roles }: ProviderFormProps): ReactNode {
  const maySetOidc = useMay('sso.set');
  const maySetSaml = useMay('sso.setSaml');
  const { provider } = found;
  const [kind, setKind] = useState<Kind>(provider?.kind ?? 'oidc');
  const maySet = kind === 'oidc' ? maySetOidc : maySetSaml;
  const key = `${provider?.kind} ${provider?.changedAt}`;
  return (
    <Step
      number={2}
      title="Your provider"
      lead={
        kind === 'oidc'
          ? 'Register this dashboard there as a web application (OpenID Connect, authorization code) with this redirect URI, and copy what it gives you.'
          : 'Make an application for SAML 2.0 there with the entity id and the address for answers, or hand over our metadata; and bring back its own.'
      }
      isDone={provider !== undefined}
    >
      {maySet ? (
        <fieldset className="flex flex-wrap gap-x-6 gap-y-1">
          <legend className="mb-1 font-medium">What it speaks</legend>
          {kinds.map((one) => (
            <label key={one.kind} className="flex items-center gap-2">
              <input
                type="radio"
                name="kind"
                className="accent-(--accent)"
                checked={kind === one.kind}
                onChange={() => setKind(one.kind)}
              />
              {one.label}
            </label>
          ))}
        </fieldset>
      ) : null}
      {kind === 'oidc' ? (
        <ToCopy label="Redirect URI" text={found.redirectUrl} />
      ) : (
        <>
          <ToCopy label="Entity id (audience), and the address of our metadata" text={found.saml.entityId} />
          <ToCopy label="Address for answers (assertion consumer service)" text={found.saml.acsUrl} />
          <SamlKeys keys={found.saml.keys} />
        </>
      )}
      {provider === undefined || provider.kind === kind ? null : (
        <p className="text-sm text-ink-soft">
          People sign in by {kinds.find((one) => one.kind === provider.kind)?.label} now. Saving this takes
          its place: sessions that it opened end.
        </p>
      )}
      {maySet && kind === 'oidc' ? <OidcForm key={key} found={found} roles={roles} /> : null}
      {maySet && kind === 'saml' ? <SamlForm key={key} found={found} roles={roles} /> : null}
      {maySet || provider === undefined ? null : (
        <p className="text-ink-soft">
          People sign in at{' '}
          <code className="text-sm break-all">
            {provider.kind === 'oidc' ? provider.issuer : provider.signInUrl}
          </code>
          . Only owners change it.
        </p>
      )}
    </Step>
  );
}
