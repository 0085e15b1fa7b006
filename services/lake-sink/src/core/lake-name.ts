/** Characters that Parquet readers and Delta without column mapping refuse in names. */
const REFUSED = /[ ,;{}()\n\t=]/g;

export function lakeName(name: string): string {
  return name.replace(REFUSED, '_');
}
