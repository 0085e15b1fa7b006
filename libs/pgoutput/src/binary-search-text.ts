import type { BinaryText } from './binary-text.ts';

const VALUE = 1;
const NOT = 1;
const PHRASE = 4;
// By operator: not, and, or, phrase.
const PRIORITY = [0, 4, 2, 1, 3];
const WEIGHTS = 'DCBA';

/** `tsvector`: lexemes with their positions and weights. */
export const textOfTsvector: BinaryText = (src, start) => {
  const lexemes: string[] = [];
  let pos = start + 4;
  for (let left = src.readInt32BE(start); left > 0; left--) {
    const stop = src.indexOf(0, pos);
    const count = src.readUInt16BE(stop + 1);
    const places = Array.from({ length: count }, (_, i) => {
      const place = src.readUInt16BE(stop + 3 + i * 2);
      const weight = place >> 14;
      return `${place & 0x3fff}${weight === 0 ? '' : WEIGHTS.charAt(weight)}`;
    });
    lexemes.push(quoted(src.toString('latin1', pos, stop)) + (count > 0 ? `:${places.join(',')}` : ''));
    pos = stop + 3 + count * 2;
  }
  return lexemes.join(' ');
};

/** `tsquery`: operators before their operands, the right one first. */
export const textOfTsquery: BinaryText = (src, start) => {
  if (src.readInt32BE(start) === 0) return '';
  let pos = start + 4;
  const operand = (): string => {
    const weight = src[pos + 1] as number;
    const isPrefix = src[pos + 2] !== 0;
    const stop = src.indexOf(0, pos + 3);
    let text = quoted(src.toString('latin1', pos + 3, stop));
    pos = stop + 1;
    if (weight !== 0 || isPrefix) text += isPrefix ? ':*' : ':';
    for (let bit = 3; bit >= 0; bit--) if ((weight >> bit) & 1) text += WEIGHTS.charAt(bit);
    return text;
  };
  const infix = (parent: number, rightOfPhrase: boolean): string => {
    if (src[pos] === VALUE) return operand();
    const operator = src[pos + 1] as number;
    const priority = PRIORITY[operator] as number;
    if (operator === NOT) {
      pos += 2;
      const text = `!${infix(priority, false)}`;
      return priority < parent ? `( ${text} )` : text;
    }
    const distance = operator === PHRASE ? src.readUInt16BE(pos + 2) : 0;
    pos += operator === PHRASE ? 4 : 2;
    const right = infix(priority, operator === PHRASE);
    const left = infix(priority, false);
    const text = `${left} ${sign(operator, distance)} ${right}`;
    return priority < parent || (operator === PHRASE && rightOfPhrase) ? `( ${text} )` : text;
  };
  return infix(-1, false);
};

function sign(operator: number, distance: number): string {
  if (operator !== PHRASE) return operator === 2 ? '&' : '|';
  return distance === 1 ? '<->' : `<${distance}>`;
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '$&$&')}'`;
}
