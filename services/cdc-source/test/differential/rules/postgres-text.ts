/** Unscaled number in big-endian two's complement, as Avro's decimals have it. */
export function bigOf(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}

/** Whether a decimal number in text, `1e5` not among them, is `unscaled / 10^scale`. */
export function isDecimal(text: string, unscaled: bigint, scale: number): boolean {
  const parts = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (!parts) return false;
  const [, sign, whole = '', fraction = ''] = parts;
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  return (
    digits * 10n ** BigInt(Math.max(0, scale - fraction.length)) ===
    unscaled * 10n ** BigInt(Math.max(0, fraction.length - scale))
  );
}

/** Microseconds of `1 year -2 mons +3 days 04:05:06.7`, a month of 30.4375 days each, as Debezium reckons. */
export function intervalMicros(text: string): number | null {
  const unit = (name: string): number => Number(new RegExp(`([+-]?\\d+) ${name}s?\\b`).exec(text)?.[1] ?? 0);
  const clock = /([+-]?)(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text);
  const sign = clock?.[1] === '-' ? -1 : 1;
  const seconds = clock ? sign * (Number(clock[2]) * 3600 + Number(clock[3]) * 60 + Number(clock[4])) : 0;
  const days = (unit('year') * 12 + unit('mon')) * 30.4375 + unit('day');
  return (days * 86_400 + seconds) * 1_000_000;
}

/** Microseconds of the day in UTC of `22:03:55.5+05:30`. */
export function utcOfTimetz(text: string): number | null {
  const parts = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d)(?::(\d\d))?)$/.exec(text);
  if (!parts) return null;
  const [, h, m, s, fraction = '', sign, zh = '0', zm = '0'] = parts;
  const zone = (sign === '-' ? -1 : 1) * (Number(zh) * 60 + Number(zm));
  const minutes = (((Number(h) * 60 + Number(m) - zone) % 1440) + 1440) % 1440;
  return (minutes * 60 + Number(s)) * 1_000_000 + Number(fraction.padEnd(6, '0'));
}

/** `"a"=>"b", "c"=>NULL` as an object. */
export function hstoreOf(text: string): Readonly<Record<string, string | null>> {
  const pairs = [...text.matchAll(/"((?:[^"\\]|\\[^])*)"=>(?:"((?:[^"\\]|\\[^])*)"|NULL)/g)];
  const plain = (s: string): string => s.replace(/\\([^])/g, '$1');
  return Object.fromEntries(
    pairs.map(([, key = '', value]) => [plain(key), value === undefined ? null : plain(value)]),
  );
}

/** Numbers in a text, and what stands between them. */
export function numbersIn(text: string): { readonly numbers: readonly number[]; readonly rest: string } {
  const NUMBER = /-?(?:Infinity|NaN|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
  return { numbers: (text.match(NUMBER) ?? []).map(Number), rest: text.replace(NUMBER, '#') };
}
