const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Columns a text takes on a terminal: colour codes take none, wide East Asian characters and emoji take two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(ESCAPES, '')) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 32 || isCombining(point)) continue;
    width += isWide(point) ? 2 : 1;
  }
  return width;
}

/** Cuts to a width in columns and ends with an ellipsis; colour codes are dropped where a cut is needed. */
export function cutToWidth(text: string, maxColumns: number): string {
  if (displayWidth(text) <= maxColumns) return text;
  let cut = '';
  for (const character of text.replace(ESCAPES, '')) {
    if (displayWidth(cut + character) > maxColumns - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

function isCombining(point: number): boolean {
  return (point >= 0x300 && point <= 0x36f) || point === 0x200d || (point >= 0xfe00 && point <= 0xfe0f);
}

function isWide(point: number): boolean {
  return (
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0x1f300 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x3fffd)
  );
}
