/** Where text for people or pipes goes. `columns` and `rows` are the terminal's size, wide guesses elsewhere. */
export interface TextSink {
  write(text: string): void;
  readonly isTty: boolean;
  readonly columns: number;
  readonly rows: number;
}

export function streamSink(stream: NodeJS.WriteStream): TextSink {
  return {
    write: (text) => void stream.write(text),
    get isTty() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns || 160;
    },
    get rows() {
      return stream.rows || 50;
    },
  };
}

/** Collects what is written; tests read {@link text}. */
export class MemorySink implements TextSink {
  readonly isTty: boolean;
  readonly columns: number;
  readonly rows = 50;
  text = '';

  constructor(options: { isTty?: boolean; columns?: number } = {}) {
    this.isTty = options.isTty ?? false;
    this.columns = options.columns ?? 100;
  }

  write(text: string): void {
    this.text += text;
  }
}
