import { cutToWidth } from './display-width.ts';
import type { TextSink } from './text-sink.ts';

/**
 * A block of lines at the bottom of a terminal that is redrawn in place. Lines printed with {@link print} scroll away
 * above it. On anything but a terminal it draws nothing: callers print plain lines there instead.
 */
export class LiveRegion {
  readonly #sink: TextSink;
  #lines: readonly string[] = [];
  #drawn = 0;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  get live(): boolean {
    return this.#sink.isTty;
  }

  draw(lines: readonly string[]): void {
    if (!this.live) return;
    const columns = this.#sink.columns - 1;
    const rows = Math.max(1, this.#sink.rows - 1);
    this.#lines = lines.slice(0, rows).map((line) => cutToWidth(line, columns));
    this.#sink.write(this.#erase() + this.#lines.map((line) => `${line}\n`).join(''));
    this.#drawn = this.#lines.length;
  }

  print(line: string): void {
    this.#sink.write(`${this.#erase()}${line}\n${this.#lines.map((kept) => `${kept}\n`).join('')}`);
    this.#drawn = this.#lines.length;
  }

  /** Leaves the last picture on the screen and forgets it, so that what follows is printed below. */
  release(): void {
    this.#lines = [];
    this.#drawn = 0;
  }

  clear(): void {
    if (this.#drawn > 0) this.#sink.write(this.#erase());
    this.release();
  }

  #erase(): string {
    return this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\u001b[0J`;
  }
}
