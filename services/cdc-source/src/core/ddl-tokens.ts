import { timingSafeEqual } from 'node:crypto';

/**
 * What the messages of event triggers are known by: anybody who can connect may write a message with their prefix, and
 * only the function that the triggers run, and the source, may read the token.
 */
export class DdlTokens {
  readonly #own: Buffer | null;
  readonly #known: readonly Buffer[];

  /**
   * @param own of this source's triggers; null where it has none, or may not read it
   * @param others of other sources of the database: what their triggers tell is no business of this one, but which
   *   subtransaction it is of counts here too
   */
  constructor(own: string | null, others: readonly string[]) {
    this.#own = own === null ? null : Buffer.from(own);
    this.#known = [...(this.#own ? [this.#own] : []), ...others.map((other) => Buffer.from(other))];
  }

  isOwn(token: unknown): boolean {
    return this.#own !== null && typeof token === 'string' && same(this.#own, token);
  }

  isKnown(token: unknown): boolean {
    return typeof token === 'string' && this.#known.some((known) => same(known, token));
  }

  get hasOwn(): boolean {
    return this.#own !== null;
  }
}

function same(known: Buffer, told: string): boolean {
  const bytes = Buffer.from(told);
  return bytes.length === known.length && timingSafeEqual(bytes, known);
}
