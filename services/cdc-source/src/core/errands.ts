/**
 * Work that turns up in the middle of a message and cannot wait in place: the driver does it behind the message, before
 * the next one is handled and before anything is committed.
 */
export class Errands {
  #waiting: (() => Promise<void>)[] = [];

  add(errand: () => Promise<void>): void {
    this.#waiting.push(errand);
  }

  /** A look per message: nearly always nothing waits. */
  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Does what waits in the order it came, what is added meanwhile included. */
  async run(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await next();
  }
}
