/** Colours of the terminal; with colour off every function returns its text unchanged. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export interface PaintFacts {
  readonly isTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Colour only where a person looks: on a terminal, and never against NO_COLOR (https://no-color.org) or a dumb terminal. */
export function createPaint({ isTty, env }: PaintFacts): Paint {
  const on = isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const wrap = (open: number, close: number) => (text: string) =>
    on ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    cyan: wrap(36, 39),
  };
}
