import { PatchbayError } from '@patchbay/sdk';

export interface PushOptions {
  /** Of the service worker that shows notices. Default: the one that is ready on this page. */
  readonly registration?: ServiceWorkerRegistration;
  /** What its user calls this browser. At most 64 characters. */
  readonly device?: string;
  /** Of the requests to your server. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Subscribes this browser to what its user is told, by the endpoint of your server that `pushHandler` makes. Asks for permission,
 * so call it when somebody clicks. Answers the id of the subscription; throws a PatchbayError when it is denied.
 */
export async function subscribeToPush(url: string, options: PushOptions = {}): Promise<string> {
  const { device, headers } = options;
  const worker = await workerOf(options);
  if ((await Notification.requestPermission()) !== 'granted')
    throw new PatchbayError({ code: 'client.push_denied', message: 'Its user wants no notifications here.' });
  const { publicKey } = await asked(url, { method: 'GET', headers });
  const wanted = { userVisibleOnly: true, applicationServerKey: String(publicKey) };
  const made = await worker.pushManager.subscribe(wanted).catch(async () => {
    // One that was made for other keys stands in the way, and is of no use any more.
    await (await worker.pushManager.getSubscription())?.unsubscribe();
    return await worker.pushManager.subscribe(wanted);
  });
  const body = { subscription: made.toJSON(), ...(device === undefined ? {} : { device }) };
  return String((await asked(url, { method: 'POST', headers, body })).id);
}

/** Takes it back, here and at the platform. Does nothing where this browser is not subscribed. */
export async function unsubscribeFromPush(url: string, options: PushOptions = {}): Promise<void> {
  const worker = await workerOf(options);
  const made = await worker.pushManager.getSubscription();
  if (made === null) return;
  // Named by its place: said again it is the same one, whose id is what the platform forgets.
  const { id } = await asked(url, {
    method: 'POST',
    headers: options.headers,
    body: { subscription: made.toJSON() },
  });
  await asked(url, { method: 'DELETE', headers: options.headers, body: { id } });
  await made.unsubscribe();
}

async function workerOf({ registration }: PushOptions): Promise<ServiceWorkerRegistration> {
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis))
    throw new PatchbayError({
      code: 'client.push_unsupported',
      message: 'This browser takes no push messages.',
    });
  return registration ?? (await navigator.serviceWorker.ready);
}

interface Asking {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: object;
}

async function asked(
  url: string,
  { method, headers, body }: Asking,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return (await response.json()) as Readonly<Record<string, unknown>>;
  const message = `${url} answered ${response.status}: is it served by pushHandler?`;
  throw new PatchbayError({ code: 'client.unexpected_answer', message, status: response.status });
}
