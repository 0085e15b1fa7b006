import { describeColumnType, MAX_DECIMAL_PRECISION, type ColumnType } from '@hasivu/change-events';

/** Type of an expression: a column's type, or that of a bare NULL, which fits everywhere. */
export type ValueType = ColumnType | { readonly kind: 'null' };

export type DecimalType = Extract<ColumnType, { kind: 'decimal' }>;

export function describeType(type: ValueType): string {
  return type.kind === 'null' ? 'null' : describeColumnType(type);
}

export function isInteger(type: ValueType): boolean {
  return type.kind === 'int16' || type.kind === 'int32' || type.kind === 'int64';
}

export function isFloat(type: ValueType): boolean {
  return type.kind === 'float32' || type.kind === 'float64';
}

export function isNumeric(type: ValueType): boolean {
  return isInteger(type) || isFloat(type) || type.kind === 'decimal';
}

export function isTemporal(type: ValueType): boolean {
  return type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamptz';
}

/** A whole number type as the decimal that holds all of its values. */
export function asDecimal(type: ValueType): DecimalType {
  switch (type.kind) {
    case 'decimal':
      return type;
    case 'int16':
      return { kind: 'decimal', precision: 5, scale: 0 };
    case 'int32':
      return { kind: 'decimal', precision: 10, scale: 0 };
    default:
      return { kind: 'decimal', precision: 19, scale: 0 };
  }
}

export function decimalType(precision: number, scale: number): DecimalType {
  return { kind: 'decimal', precision: Math.min(precision, MAX_DECIMAL_PRECISION), scale };
}

/** The type that holds values of both; null when there is none without an explicit cast. */
export function commonType(a: ValueType, b: ValueType): ValueType | null {
  if (a.kind === 'null') return b;
  if (b.kind === 'null') return a;
  if (isNumeric(a) && isNumeric(b)) return commonNumber(a, b);
  if (isTemporal(a) && isTemporal(b) && a.kind !== b.kind)
    return a.kind === 'date' ? b : b.kind === 'date' ? a : null;
  if (a.kind === 'array' || b.kind === 'array') return null;
  return a.kind === b.kind ? a : null;
}

function commonNumber(a: ValueType, b: ValueType): ValueType {
  if (isFloat(a) || isFloat(b))
    return { kind: a.kind === 'float32' && b.kind === 'float32' ? 'float32' : 'float64' };
  if (a.kind === 'decimal' || b.kind === 'decimal') {
    const left = asDecimal(a);
    const right = asDecimal(b);
    const scale = Math.max(left.scale, right.scale);
    return decimalType(Math.max(left.precision - left.scale, right.precision - right.scale) + scale, scale);
  }
  if (a.kind === 'int64' || b.kind === 'int64') return { kind: 'int64' };
  return a.kind === 'int32' || b.kind === 'int32' ? { kind: 'int32' } : { kind: 'int16' };
}
