import { createInterface } from 'node:readline/promises';

/** Asks on the terminal; null where nobody sits at one, so that a script is never left waiting. */
export function askOnTerminal(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  stop: AbortSignal,
): ((question: string) => Promise<string>) | null {
  if (!input.isTTY || !output.isTTY) return null;
  return async (question) => {
    const lines = createInterface({ input, output });
    try {
      return await lines.question(question, { signal: stop });
    } finally {
      lines.close();
    }
  };
}
