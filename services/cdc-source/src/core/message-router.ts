import type { LogicalMessage } from '@hasivu/pgoutput';

/**
 * Takes a message that someone wrote with `pg_logical_emit_message`.
 * @param seq the message's number in its transaction, or -1 when Kafka has it already. A message outside of any
 *   transaction is one of its own.
 */
export type MessageHandler = (message: LogicalMessage, seq: number) => void;

/** Who takes which logical messages: by exact prefix, else the handler for all others, if there is one. */
export class MessageRouter {
  readonly #byPrefix = new Map<string, MessageHandler>();
  #others: MessageHandler | null = null;

  register(prefix: string, handler: MessageHandler): void {
    if (this.#byPrefix.has(prefix)) throw new RangeError(`the prefix ${prefix} is taken`);
    this.#byPrefix.set(prefix, handler);
  }

  registerOthers(handler: MessageHandler): void {
    this.#others = handler;
  }

  route(message: LogicalMessage, seq: number): void {
    (this.#byPrefix.get(message.prefix) ?? this.#others)?.(message, seq);
  }
}
