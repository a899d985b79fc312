import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Default folders of Debian's package. */
const LIBRARY = '/usr/lib/x86_64-linux-gnu/janus';
const START_MS_MAX = 10_000;

/** Everything that Janus answers with, as far as it is read here. */
interface Answer {
  readonly janus: string;
  readonly data?: { readonly id?: number };
  readonly error?: { readonly reason: string };
  readonly sender?: number;
  readonly plugindata?: {
    readonly data: {
      readonly audiobridge?: string;
      readonly error?: string;
      readonly rtp?: { readonly port: number };
    };
  };
}

export interface JanusRoom {
  /** Where each participant sends to, in their order. */
  readonly ports: readonly number[];
}

/** Janus with the AudioBridge alone, in a folder of its own, on loopback. */
export class Janus {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #url: string;
  #transaction = 0;

  private constructor(process: ChildProcess, folder: string, httpPort: number) {
    this.#process = process;
    this.#folder = folder;
    this.#url = `http://127.0.0.1:${httpPort}/janus`;
  }

  static async start(httpPort: number): Promise<Janus> {
    const folder = await mkdtemp(path.join(tmpdir(), 'patchbay-bench-janus-'));
    const write = async (name: string, content: string) => await writeFile(path.join(folder, name), content);
    await write(
      'janus.jcfg',
      `general: { configs_folder = "${folder}" plugins_folder = "${LIBRARY}/plugins" transports_folder = "${LIBRARY}/transports"
        events_folder = "${LIBRARY}/events" loggers_folder = "${LIBRARY}/loggers" debug_level = 2 session_timeout = 0 }
      plugins: { disable = "libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so" }
      transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
      loggers: { disable = "libjanus_jsonlog.so" }
      events: { broadcast = false }`,
    );
    await write('janus.transport.http.jcfg', `general: { json = "compact" http = true port = ${httpPort} }`);
    await write(
      'janus.plugin.audiobridge.jcfg',
      'general: { local_ip = "127.0.0.1" rtp_port_range = "30000-39999" }',
    );
    const child = spawn('janus', ['-F', folder], { stdio: 'ignore' });
    const janus = new Janus(child, folder, httpPort);
    const untilMs = performance.now() + START_MS_MAX;
    while (!(await janus.#answers())) {
      if (child.exitCode !== null || performance.now() > untilMs) {
        await janus.stop();
        throw new Error('Janus did not start.');
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return janus;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Makes a room, and a participant for each port that listens. Its encoders are as they are by default: complexity 4, bit rate automatic. */
  async room(
    room: number,
    participants: readonly { port: number; payloadType: number; levelExtensionId: number }[],
  ): Promise<JanusRoom> {
    const session = (await this.#ask('', { janus: 'create' })).data?.id;
    const attach = async () =>
      (await this.#ask(`/${session}`, { janus: 'attach', plugin: 'janus.plugin.audiobridge' })).data?.id;
    const first = await attach();
    const create = {
      request: 'create',
      room,
      allow_rtp_participants: true,
      sampling_rate: 48_000,
      is_private: true,
    };
    await this.#ask(`/${session}/${first}`, { janus: 'message', body: create });
    const ports: number[] = [];
    for (const { port, payloadType, levelExtensionId } of participants) {
      const handle = await attach();
      const rtp = { ip: '127.0.0.1', port, payload_type: payloadType, audiolevel_ext: levelExtensionId };
      const body = { request: 'join', room, display: `${port}`, rtp };
      await this.#ask(`/${session}/${handle}`, { janus: 'message', body });
      ports.push(await this.#joined(`/${session}`, handle));
    }
    return { ports };
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.#url}/info`)).ok;
    } catch {
      return false;
    }
  }

  async #ask(where: string, request: object): Promise<Answer> {
    const transaction = String(++this.#transaction);
    const response = await fetch(`${this.#url}${where}`, {
      method: 'POST',
      body: JSON.stringify({ ...request, transaction }),
    });
    return checked(await response.json());
  }

  /** The answer to `join` comes by the session's long poll, among others. */
  async #joined(session: string, handle: number | undefined): Promise<number> {
    for (;;) {
      const response = await fetch(`${this.#url}${session}?maxev=1`);
      const event = checked(await response.json());
      const port = event.plugindata?.data.rtp?.port;
      if (event.sender === handle && port !== undefined) return port;
    }
  }
}

function checked(answer: Answer): Answer {
  const problem = answer.error?.reason ?? answer.plugindata?.data.error;
  if (problem !== undefined) throw new Error(`Janus: ${problem}`);
  return answer;
}
