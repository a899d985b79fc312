import {
  type Call,
  type CallOptions,
  type ChannelEntry,
  connect,
  type IncomingCall,
  type PatchbayClient,
  type PatchbayError,
  type PresentMember,
  type PublishReceipt,
  type Quality,
  type RemoteTrack,
  type SeenPresence,
  type TokenSource,
} from '@patchbay/sdk-browser';
import {
  type CSSProperties,
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';

const ClientContext = createContext<PatchbayClient | undefined>(undefined);

export interface PatchbayProviderProps {
  /** Keep it the same between renders, e.g. outside the component: another one is another connection. */
  readonly token: TokenSource;
  readonly children?: ReactNode;
}

/** Connects while it is mounted. On a server, and before the first effect, there is no client and nothing is asked. */
export function PatchbayProvider({ token, children }: PatchbayProviderProps) {
  const [client, setClient] = useState<PatchbayClient>();
  useEffect(() => {
    // StrictMode mounts twice: each mount has its own client, and the first one's is closed.
    const connected = connect({ token });
    setClient(connected);
    return () => {
      setClient(undefined);
      connected.close();
    };
  }, [token]);
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

/** The client of the nearest provider, or undefined while there is none yet. */
export function usePatchbay(): PatchbayClient | undefined {
  return useContext(ClientContext);
}

export interface UseCall {
  readonly call: Call | undefined;
  readonly incoming: IncomingCall | undefined;
  readonly state: Call['state'] | 'idle';
  readonly localStream: MediaStream | undefined;
  readonly remoteTracks: readonly RemoteTrack[];
  readonly quality: Quality | undefined;
  /** Why the last call could not begin, or how it ended. */
  readonly error: PatchbayError | Error | undefined;
  readonly endReason: Call['endReason'];
  /** The account whose call it is holds it: nothing is sent or played. */
  readonly isHeld: boolean;
  readonly isMuted: (kind: 'audio' | 'video') => boolean;
  readonly start: (to: string, options?: CallOptions) => Promise<void>;
  readonly accept: (options?: Parameters<IncomingCall['accept']>[0]) => Promise<void>;
  readonly reject: () => void;
  readonly hangUp: () => void;
  readonly toggleMute: (kind: 'audio' | 'video') => void;
  readonly toggleScreen: () => Promise<void>;
}

/** One call at a time: start it or accept it, and render what it is. */
export function useCall(): UseCall {
  const client = usePatchbay();
  const [call, setCall] = useState<Call>();
  const [incoming, setIncoming] = useState<IncomingCall>();
  const [error, setError] = useState<Error>();
  const [endReason, setEndReason] = useState<Call['endReason']>();
  const refresh = useCallVersion(call);

  useEffect(() => {
    if (client === undefined) return;
    const stopIncoming = client.on('incoming', (next) => {
      setIncoming(next);
      next.once('cancelled', () => setIncoming((current) => (current === next ? undefined : current)));
    });
    const stopDisconnected = client.on('disconnected', setError);
    return () => {
      stopIncoming();
      stopDisconnected();
      setIncoming(undefined);
      setCall(undefined);
    };
  }, [client]);

  useEffect(() => {
    if (call === undefined) return;
    return call.on('disconnected', (reason) => {
      setEndReason(reason);
      setCall((current) => (current === call ? undefined : current));
    });
  }, [call]);

  const begin = useCallback(async (placing: Promise<Call> | undefined) => {
    setError(undefined);
    setEndReason(undefined);
    try {
      const placed = await placing;
      // It may have ended while the page rendered.
      if (placed?.state === 'ended') setEndReason(placed.endReason);
      else setCall(placed);
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }, []);

  const start = useCallback(
    (to: string, options?: CallOptions) => begin(client?.call(to, options)),
    [begin, client],
  );
  const accept = useCallback(
    (options?: Parameters<IncomingCall['accept']>[0]) => {
      setIncoming(undefined);
      return begin(incoming?.accept(options));
    },
    [begin, incoming],
  );
  const reject = useCallback(() => {
    incoming?.reject();
    setIncoming(undefined);
  }, [incoming]);

  return {
    call,
    incoming,
    state: call?.state ?? 'idle',
    localStream: call?.localStream,
    remoteTracks: call?.remoteTracks ?? noTracks,
    quality: call?.quality,
    error,
    endReason,
    isHeld: call?.isHeld ?? false,
    isMuted: (kind) => call?.isMuted(kind) ?? false,
    start,
    accept,
    reject,
    hangUp: () => call?.hangUp(),
    toggleMute: (kind) => {
      if (call?.isMuted(kind)) call.unmute(kind);
      else call?.mute(kind);
      refresh();
    },
    toggleScreen: async () => {
      try {
        if (call?.isSharingScreen) call.stopSharingScreen();
        else await call?.shareScreen();
      } catch (cause) {
        setError(cause instanceof Error ? cause : new Error(String(cause)));
      }
      refresh();
    },
  };
}

const noTracks: readonly RemoteTrack[] = [];

/** What a page shows of a call changes with these. */
const shownEvents = [
  'stateChanged',
  'trackSubscribed',
  'qualityChanged',
  'mediaChanged',
  'peerChanged',
  'holdChanged',
  'muteChanged',
] as const;

/** Renders again with each event of the call. */
function useCallVersion(call: Call | undefined): () => void {
  const [, setVersion] = useState(0);
  const refresh = useCallback(() => setVersion((version) => version + 1), []);
  useEffect(() => {
    if (call === undefined) return;
    refresh();
    const stops = shownEvents.map((name) => call.on(name, refresh));
    return () => {
      for (const stop of stops) stop();
    };
  }, [call, refresh]);
  return refresh;
}

export interface Devices {
  readonly microphones: readonly MediaDeviceInfo[];
  readonly cameras: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
}

const noDevices: Devices = { microphones: [], cameras: [], speakers: [] };

/** The devices of this machine, kept current. Browsers give names only after the person allowed one. */
export function useDevices(): Devices {
  const store = useMemo(() => new DeviceStore(), []);
  return useSyncExternalStore(store.subscribe, store.current, () => noDevices);
}

class DeviceStore {
  #devices = noDevices;
  #notify: () => void = () => undefined;

  readonly current = () => this.#devices;

  readonly subscribe = (notify: () => void) => {
    this.#notify = notify;
    const devices = navigator.mediaDevices;
    devices?.addEventListener('devicechange', this.#refresh);
    this.#refresh();
    // A permission that is given elsewhere on the page brings the names, and no event.
    const timer = setInterval(this.#refresh, 2_000);
    return () => {
      clearInterval(timer);
      devices?.removeEventListener('devicechange', this.#refresh);
    };
  };

  readonly #refresh = () => {
    void navigator.mediaDevices?.enumerateDevices().then((all) => {
      const of = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind);
      const next = { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
      if (fingerprint(next) === fingerprint(this.#devices)) return;
      this.#devices = next;
      this.#notify();
    });
  };
}

function fingerprint({ microphones, cameras, speakers }: Devices): string {
  return [...microphones, ...cameras, ...speakers]
    .map(({ deviceId, label }) => `${deviceId} ${label}`)
    .join();
}

export interface UseChannel {
  /** The newest last, `messagesMax` at most. */
  readonly messages: readonly ChannelEntry[];
  /** Whether it is subscribed now. */
  readonly isThere: boolean;
  /** Why it is refused, or over for good. */
  readonly error: Error | undefined;
  readonly publish: (data: unknown) => Promise<PublishReceipt>;
}

/** What is published in a channel while the component is mounted. Keep the name the same: another one begins anew. */
export function useChannel(
  name: string,
  { messagesMax = 100 }: { readonly messagesMax?: number } = {},
): UseChannel {
  const client = usePatchbay();
  const [messages, setMessages] = useState<readonly ChannelEntry[]>([]);
  const [isThere, setIsThere] = useState(false);
  const [error, setError] = useState<Error>();
  useEffect(() => {
    setMessages([]);
    setError(undefined);
    if (client === undefined) return;
    const subscription = client.channel(name).subscribe();
    subscription.on('subscribed', () => setIsThere(true));
    subscription.on('message', (entry) => setMessages((all) => [...all, entry].slice(-messagesMax)));
    subscription.on('closed', setError);
    const stop = client.on('reconnecting', () => setIsThere(false));
    return () => {
      stop();
      setIsThere(false);
      subscription.unsubscribe();
    };
  }, [client, name, messagesMax]);
  const publish = useCallback(
    async (data: unknown) => {
      if (client === undefined) throw new Error('There is no client yet.');
      return await client.channel(name).publish(data);
    },
    [client, name],
  );
  return { messages, isThere, error, publish };
}

export interface UsePresence {
  /** Each connection once, this one included. */
  readonly members: readonly PresentMember[];
  readonly error: Error | undefined;
}

/** Shows this client in a channel while the component is mounted, and tells who else is there. */
export function usePresence(name: string): UsePresence {
  const client = usePatchbay();
  const [members, setMembers] = useState<ReadonlyMap<string, PresentMember>>(new Map());
  const [error, setError] = useState<Error>();
  useEffect(() => {
    setMembers(new Map());
    setError(undefined);
    if (client === undefined) return;
    const subscription = client.channel(name).subscribe({ presence: true });
    const change = (act: (map: Map<string, PresentMember>) => void) =>
      setMembers((known) => {
        const changed = new Map(known);
        act(changed);
        return changed;
      });
    const readAll = () =>
      subscription.members().then(
        (all) => setMembers(new Map(all.map((member) => [member.connectionId, member]))),
        // The connection was lost meanwhile: it is asked for again when the subscription is back.
        () => undefined,
      );
    // Messages are for whoever asks for them.
    subscription.on('message', () => undefined);
    subscription.on('subscribed', () => void readAll());
    subscription.on('joined', (member) => change((map) => map.set(member.connectionId, member)));
    subscription.on('left', ({ connectionId }) => change((map) => map.delete(connectionId)));
    subscription.on('closed', setError);
    return () => subscription.unsubscribe();
  }, [client, name]);
  return { members: [...members.values()], error };
}

export interface VideoTileProps {
  /** This party's own stream. It is shown mirrored and silent. */
  readonly stream?: MediaStream | undefined;
  /** The other party's tracks. */
  readonly tracks?: readonly RemoteTrack[];
  /** Who this is: shown, and read out by a screen reader. */
  readonly label: string;
  readonly isMirrored?: boolean;
  readonly className?: string;
  readonly style?: CSSProperties;
}

/** A picture with its sound. Pass `stream` for oneself, `tracks` for the other party. */
export function VideoTile({ stream, tracks, label, isMirrored, className, style }: VideoTileProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (video === null || stream === undefined) return;
    video.srcObject = stream;
    return () => {
      video.srcObject = null;
    };
  }, [stream]);
  useEffect(() => {
    const video = element.current;
    if (video === null || tracks === undefined) return;
    for (const track of tracks) track.attach(video);
    return () => {
      for (const track of tracks) track.detach(video);
    };
  }, [tracks]);
  const mirrored = isMirrored ?? stream !== undefined;
  return (
    <video
      ref={element}
      aria-label={label}
      autoPlay
      className={className}
      muted={stream !== undefined}
      playsInline
      style={{ objectFit: 'cover', ...(mirrored ? { transform: 'scaleX(-1)' } : {}), ...style }}
    />
  );
}

export interface PreJoinChoice {
  readonly stream: MediaStream;
  readonly audio: boolean;
  readonly video: boolean;
}

export interface PreJoinProps {
  readonly onJoin: (choice: PreJoinChoice) => void;
  readonly joinLabel?: string;
  /** Default: true. */
  readonly video?: boolean;
  readonly className?: string;
}

/** Lets a person see themselves and choose devices before anybody else does. The stream is the page's after `onJoin`. */
export function PreJoin({ onJoin, joinLabel = 'Join', video = true, className }: PreJoinProps) {
  const [choice, setChoice] = useState({ audio: true, video, microphone: '', camera: '' });
  const { stream, problem, release } = usePreview(choice);
  const { microphones, cameras } = useDevices();
  const change = (part: Partial<typeof choice>) => setChoice((current) => ({ ...current, ...part }));
  return (
    <div className={className} data-patchbay="pre-join">
      <VideoTile stream={stream} label="Your own picture" />
      {problem !== undefined && <p role="alert">{problem}</p>}
      <DeviceChoice
        label="Microphone"
        devices={microphones}
        isOn={choice.audio}
        onToggle={(audio) => change({ audio })}
        onChoose={(microphone) => change({ microphone })}
      />
      <DeviceChoice
        label="Camera"
        devices={cameras}
        isOn={choice.video}
        onToggle={(next) => change({ video: next })}
        onChoose={(camera) => change({ camera })}
      />
      <button
        type="button"
        disabled={stream === undefined}
        onClick={() => {
          if (stream === undefined) return;
          release();
          onJoin({ stream, audio: choice.audio, video: choice.video });
        }}
      >
        {joinLabel}
      </button>
    </div>
  );
}

interface PreviewChoice {
  readonly audio: boolean;
  readonly video: boolean;
  readonly microphone: string;
  readonly camera: string;
}

/** A stream of the chosen devices, stopped when the choice changes or the view goes, unless it was released. */
function usePreview({ audio, video, microphone, camera }: PreviewChoice) {
  const [stream, setStream] = useState<MediaStream>();
  const [problem, setProblem] = useState<string>();
  const isReleased = useRef(false);
  useEffect(() => {
    let isCurrent = true;
    let opened: MediaStream | undefined;
    const constraint = (isOn: boolean, deviceId: string) =>
      isOn && (deviceId === '' || { deviceId: { exact: deviceId } });
    const opening = navigator.mediaDevices?.getUserMedia({
      audio: constraint(audio, microphone),
      video: constraint(video, camera),
    });
    opening?.then(
      (next) => {
        opened = next;
        if (isCurrent) {
          setStream(next);
          setProblem(undefined);
        } else stop(next);
      },
      () =>
        isCurrent &&
        setProblem('Camera or microphone are not available. Check the permissions of this page.'),
    );
    return () => {
      isCurrent = false;
      if (opened !== undefined && !isReleased.current) stop(opened);
    };
  }, [audio, video, microphone, camera]);
  const release = useCallback(() => {
    isReleased.current = true;
  }, []);
  return { stream, problem, release };
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

interface DeviceChoiceProps {
  readonly label: string;
  readonly devices: readonly MediaDeviceInfo[];
  readonly isOn: boolean;
  readonly onToggle: (isOn: boolean) => void;
  readonly onChoose: (deviceId: string) => void;
}

function DeviceChoice({ label, devices, isOn, onToggle, onChoose }: DeviceChoiceProps) {
  const id = useId();
  return (
    <div data-patchbay="device">
      <label>
        <input type="checkbox" checked={isOn} onChange={(event) => onToggle(event.target.checked)} /> {label}
      </label>
      <select
        aria-label={`Which ${label.toLowerCase()}`}
        id={id}
        disabled={!isOn}
        onChange={(event) => onChoose(event.target.value)}
      >
        {devices.map((device, index) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label === '' ? `${label} ${index + 1}` : device.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** How somebody of the account is, for as long as the component is mounted; undefined until the platform has said so. */
export function useIdentityPresence(identity: string): SeenPresence | undefined {
  const client = usePatchbay();
  const [seen, setSeen] = useState<SeenPresence>();
  useEffect(() => {
    setSeen(undefined);
    if (client === undefined) return;
    const presence = client.presence(identity);
    presence.on('changed', setSeen);
    return () => presence.close();
  }, [client, identity]);
  return seen;
}
