// Text into markup. Who wrote it may be anybody who can write to a record or name a tool.

/** What hides, reorders or breaks text on a page: shown by its number, so that an amount reads as it stands. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export const escapeHtml = (value: unknown): string =>
  String(value)
    .replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replace(unseen, (mark) => `\\u${(mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);

/** A sentence of ours, in which names of commands and keys stand in backticks. */
export const prose = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** The same, as a whole sentence. */
export const sentence = (text: string): string => `${prose(text.charAt(0).toUpperCase() + text.slice(1))}.`;
