import { binaryColumnOf, type DeclaredColumn, type TypeLookup } from '@hasivu/pgoutput';

/**
 * Whether a stream of these columns can be taken in binary: a subscriber chooses for all columns at once. A type that has
 * no binary form at all comes as text anyway; one whose form is not known here would come as bytes nobody can read.
 */
export function streamsInBinary(columns: readonly DeclaredColumn[], lookup: TypeLookup): boolean {
  return columns.every((column) => {
    const type = lookup(column.typeOid);
    return type?.send === '' || binaryColumnOf(column, lookup) !== null;
  });
}
