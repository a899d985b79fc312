export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const paint = (code: number) => (terminal: Terminal, text: string) =>
  terminal.isTTY === true ? `\u001b[${code}m${text}\u001b[0m` : text;
export const dim = paint(2);
export const bold = paint(1);
export const yellow = paint(33);

/** One line for each step of a start; colours on a terminal alone. */
export class Progress {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async step<T>(name: string, run: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const value = await run();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    this.#terminal.write(`  ${name} ${dim(this.#terminal, `(${seconds} s)`)}\n`);
    return value;
  }

  note(text: string): void {
    this.#terminal.write(`  ${text}\n`);
  }

  warn(text: string): void {
    this.#terminal.write(`${yellow(this.#terminal, `! ${text}`)}\n`);
  }
}
