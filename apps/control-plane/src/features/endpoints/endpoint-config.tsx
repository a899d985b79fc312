import type { ReactNode } from 'react';
import { ServiceForms } from '../services/service-forms.tsx';
import type { Endpoint } from './endpoint.ts';

/** Every service's settings for whoever is reached as this endpoint. */
export function EndpointConfig({ endpoint }: { readonly endpoint: Endpoint }): ReactNode {
  const { id: endpointId, namespace } = endpoint;
  return (
    <section aria-labelledby="settings" className="min-w-0">
      <h2 id="settings" className="mb-1 font-semibold">
        Settings
      </h2>
      <p className="mb-3 max-w-prose text-pretty text-ink-soft">
        {namespace === 'user'
          ? 'What holds for whoever signs in as this user, where it is to be less than elsewhere. Beside each value is where it comes from.'
          : 'What holds for whatever comes by this endpoint, where it is to be less than elsewhere. Beside each value is where it comes from.'}
      </p>
      <ServiceForms scope={{ kind: 'endpoint', endpointId }} />
    </section>
  );
}
