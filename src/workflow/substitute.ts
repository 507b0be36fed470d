/**
 * `{name}` in an author's text, replaced in a single pass: what was put in is never looked through again.
 *
 * `{{name}}` stands for the text `{name}`. Braces around anything but a name stay as they are, so that JSON and
 * regular expressions can be written plainly.
 *
 * @module
 */

const PLACEHOLDER = /\{\{([A-Za-z_][A-Za-z0-9_-]*)\}\}|\{([A-Za-z_][A-Za-z0-9_-]*)\}/g;

/** Names that a text has placeholders for, each once, in order. */
export function placeholdersOf(text: string): string[] {
  const names = [...text.matchAll(PLACEHOLDER)].flatMap(([, , name]) => name === undefined ? [] : [name]);
  return [...new Set(names)];
}

/** A text with its placeholders replaced by what `valueOf` gives for their names. */
export function substitute(text: string, valueOf: (name: string) => string): string {
  return text.replaceAll(
    PLACEHOLDER,
    (_, escaped: string | undefined, name: string | undefined) =>
      name === undefined ? `{${escaped}}` : valueOf(name),
  );
}
