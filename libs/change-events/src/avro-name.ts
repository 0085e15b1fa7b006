/** An Avro name from any identifier: `[A-Za-z_][A-Za-z0-9_]*`, everything else becomes `_`. */
export function avroName(name: string): string {
  const cleaned = name.replace(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z_]/.test(cleaned) ? cleaned : `_${cleaned}`;
}

/** Field names of one record: sanitised, and numbered where two identifiers fall on the same name. */
export function avroFieldNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let candidate = avroName(name);
    for (let n = 2; taken.has(candidate); n++) candidate = `${avroName(name)}_${n}`;
    taken.add(candidate);
    return candidate;
  });
}
