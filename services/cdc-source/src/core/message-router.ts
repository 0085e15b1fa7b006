import type { SourceMoment } from '@hasivu/change-events';
import type { LogicalMessage } from '@hasivu/pgoutput';

/**
 * Takes a message that someone wrote with `pg_logical_emit_message`.
 * @param seq the message's number in its transaction, or -1 when Kafka has it already. A message outside of any
 *   transaction is one of its own.
 * @param moment position and time of the message, valid during the call
 * @param nowMs wall clock, milliseconds since 1970
 */
export type MessageHandler = (
  message: LogicalMessage,
  seq: number,
  moment: SourceMoment,
  nowMs: number,
) => void;

/** Takes the messages that no handler was registered for. */
export interface MessageFallback {
  wants(prefix: string): boolean;
  /** null until the driver has opened what the handler writes to: the first message that is wanted asks for it. */
  handler: MessageHandler | null;
}

/** Prefixes of our own: signals and the like, never events. */
const INTERNAL_PREFIX = 'hasivu.';

/** Who takes which logical messages: by exact prefix, else the one that takes all others. */
export class MessageRouter {
  readonly #byPrefix = new Map<string, MessageHandler>();
  readonly #fallback: MessageFallback | null;

  constructor(fallback: MessageFallback | null) {
    this.#fallback = fallback;
  }

  register(prefix: string, handler: MessageHandler): void {
    if (this.#byPrefix.has(prefix)) throw new RangeError(`the prefix ${prefix} is taken`);
    this.#byPrefix.set(prefix, handler);
  }

  /** True when the driver has to open the fallback before the message can be routed. */
  unopened(prefix: string): boolean {
    return this.#falls(prefix) && this.#fallback?.handler === null;
  }

  route(message: LogicalMessage, seq: number, moment: SourceMoment, nowMs: number): void {
    const { prefix } = message;
    const handler = this.#falls(prefix) ? this.#fallback?.handler : this.#byPrefix.get(prefix);
    handler?.(message, seq, moment, nowMs);
  }

  #falls(prefix: string): boolean {
    if (this.#byPrefix.has(prefix) || prefix.startsWith(INTERNAL_PREFIX)) return false;
    return this.#fallback?.wants(prefix) ?? false;
  }
}
