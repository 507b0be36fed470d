/**
 * Which language a file is written in, by its name.
 *
 * @module
 */

const BY_EXTENSION: Readonly<Record<string, string>> = {
  bash: "Shell",
  c: "C",
  cc: "C++",
  cpp: "C++",
  cs: "C#",
  css: "CSS",
  go: "Go",
  h: "C",
  html: "HTML",
  java: "Java",
  js: "JavaScript",
  json: "JSON",
  jsonc: "JSON",
  jsx: "JavaScript",
  kt: "Kotlin",
  lock: "Lock file",
  lua: "Lua",
  md: "Markdown",
  mjs: "JavaScript",
  php: "PHP",
  py: "Python",
  rb: "Ruby",
  rs: "Rust",
  sh: "Shell",
  sql: "SQL",
  swift: "Swift",
  toml: "TOML",
  ts: "TypeScript",
  tsx: "TypeScript",
  txt: "Text",
  xml: "XML",
  yaml: "YAML",
  yml: "YAML",
};

/** Name of the language of a file, or `"Other"`. */
export function languageOf(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  if (dot <= 0) return "Other";
  const extension = fileName.slice(dot + 1).toLowerCase();
  return Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension]! : "Other";
}
