/**
 * What each scenario of the official suite gives on full marks, and how far the fixture is.
 *
 * `marks` are the suite's, counted with version 0.2.0-alpha.12; `server-sse-multiple-streams` has one check
 * more for servers that answer lists as event streams, as this one does under 2025-11-25 where clients prefer it. An entry with `needs` is not served yet;
 * `atLeast` is what it earns all the same and may not fall below. The three scenarios of the skills
 * extension are left out: they judge servers that declare it.
 *
 * @module
 */
import type { Wire } from "./suite.ts";

/** A scenario on one wire. */
export interface Expectation {
  readonly scenario: string;
  readonly wire: Wire;
  /** Scenarios it stands for. @default {1} */
  readonly scenarios?: number;
  /** Checks passed on full marks; nothing failed, nothing warned. */
  readonly marks: number;
  /** What the fixture lacks for full marks; absent when full marks are expected. */
  readonly needs?: string;
  /** Checks passed in spite of what is lacking. @default {0} */
  readonly atLeast?: number;
}

/** Scenarios of 2025-11-25: 84 checks. */
const LEGACY: readonly Expectation[] = [
  legacy("server-initialize", 3),
  legacy("server-session-lifecycle", 3),
  legacy("ping", 2),
  legacy("tools-list", 3),
  legacy("tools-call-simple-text", 2),
  legacy("tools-call-image", 2),
  legacy("tools-call-audio", 2),
  legacy("tools-call-embedded-resource", 2),
  legacy("tools-call-mixed-content", 2),
  legacy("tools-call-error", 2),
  legacy("tools-call-with-progress", 2),
  legacy("tools-call-with-logging", 2),
  legacy("tools-call-sampling", 2),
  legacy("tools-call-elicitation", 2),
  legacy("elicitation-sep1034-defaults", 6),
  legacy("elicitation-sep1330-enums", 6),
  legacy("json-schema-2020-12", 8),
  legacy("server-sse-multiple-streams", 2),
  legacy("server-sse-polling", 3),
  legacy("dns-rebinding-protection", 2),
  legacy("logging-set-level", 2),
  legacy("completion-complete", 2),
  legacy("resources-list", 2),
  legacy("resources-read-text", 2),
  legacy("resources-read-binary", 2),
  legacy("resources-templates-read", 2),
  legacy("resources-subscribe", 2),
  legacy("resources-unsubscribe", 2),
  legacy("prompts-list", 2),
  legacy("prompts-get-simple", 2),
  legacy("prompts-get-with-args", 2),
  legacy("prompts-get-embedded-resource", 2),
  legacy("prompts-get-with-image", 2),
];

/** Scenarios of 2026-07-28: 152 checks. */
const MODERN: readonly Expectation[] = [
  modern("server-stateless", 30),
  modern("tools-list", 4),
  modern("tools-call-simple-text", 2),
  modern("tools-call-image", 2),
  modern("tools-call-audio", 2),
  modern("tools-call-embedded-resource", 2),
  modern("tools-call-mixed-content", 2),
  modern("tools-call-error", 2),
  modern("tools-call-with-progress", 2),
  modern("json-schema-2020-12", 8),
  modern("server-sse-multiple-streams", 1),
  modern("dns-rebinding-protection", 2),
  modern("caching", 8),
  modern("http-header-validation", 14),
  modern("http-custom-header-server-validation", 10),
  modern("completion-complete", 2),
  modern("resources-list", 2),
  modern("resources-read-text", 2),
  modern("resources-read-binary", 2),
  modern("resources-templates-read", 2),
  modern("sep-2164-resource-not-found", 4),
  modern("prompts-list", 2),
  modern("prompts-get-simple", 2),
  modern("prompts-get-with-args", 2),
  modern("prompts-get-embedded-resource", 2),
  modern("prompts-get-with-image", 2),
  modern("input-required-result-basic-elicitation", 3),
  modern("input-required-result-basic-sampling", 3),
  modern("input-required-result-basic-list-roots", 3),
  modern("input-required-result-request-state", 3),
  modern("input-required-result-multiple-input-requests", 3),
  modern("input-required-result-multi-round", 4),
  modern("input-required-result-missing-input-response", 2),
  modern("input-required-result-non-tool-request", 3),
  modern("input-required-result-result-type", 2),
  modern("input-required-result-unsupported-methods", 2),
  modern("input-required-result-tampered-state", 2),
  modern("input-required-result-capability-check", 2),
  modern("input-required-result-ignore-extra-params", 2),
  modern("input-required-result-validate-input", 3),
];

/** Scenarios of the Tasks extension: 44 checks. The suite skips every check of status notifications. */
const TASKS: readonly Expectation[] = [
  tasks("tasks-lifecycle", 9),
  tasks("tasks-capability-negotiation", 5),
  tasks("tasks-wire-fields", 4),
  tasks("tasks-request-state-removal", 3),
  tasks("tasks-mrtr-input", 4),
  tasks("tasks-request-headers", 5),
  tasks("tasks-dispatch-and-envelope", 9),
  tasks("tasks-status-notifications", 0),
  tasks("tasks-required-task-error", 3),
  tasks("tasks-mrtr-composition", 2),
];

/** What the stable version of the suite runs by default: 40 checks. */
const STABLE: readonly Expectation[] = [{ scenario: "active", wire: "stable", scenarios: 30, marks: 40 }];

/** Every scenario that judges the fixture, what matters most first. */
export const EXPECTED: readonly Expectation[] = [...TASKS, ...LEGACY, ...MODERN, ...STABLE];

function legacy(scenario: string, marks: number, needs?: string, atLeast?: number): Expectation {
  return { scenario, wire: "2025-11-25", marks, needs, atLeast };
}

function modern(scenario: string, marks: number, needs?: string, atLeast?: number): Expectation {
  return { scenario, wire: "2026-07-28", marks, needs, atLeast };
}

function tasks(scenario: string, marks: number): Expectation {
  return { scenario, wire: "tasks", marks };
}
