/**
 * Serving a pipe: options, and what holds where none is given.
 *
 * @module
 */
import type { Runtime } from "../runtime.ts";
import type { Dispatcher, Principal } from "../server/exchange.ts";
import { toPrincipal } from "../server/principal.ts";
import type { ScopeRules } from "../server/scopes.ts";
import type { HandlerEventListener } from "./events.ts";
import { FaultReporter } from "./fault_reporter.ts";
import type { FetchHandlerLimits } from "./options.ts";
import { type BytePipe, Pipe } from "./pipe.ts";
import { keepConsoleOffOutput, takeProcessPipe } from "./process_pipe.ts";

/** Options of {@linkcode McpServer.serveStdio}. */
export interface StdioOptions extends Partial<BytePipe> {
  /**
   * Who is at the other end: the owner of all tasks that come over the pipe, with the scopes it has. Checked as the
   * principal is that `authenticate` answers over HTTP.
   * @default the user of this process, who may do everything: `{ subject: "local", issuer: "urn:perdure:stdio" }`
   */
  readonly principal?: Principal;
  /**
   * Whether the server is closed when the client has closed the pipe.
   * @default `true` for the standard streams of this process, `false` for others
   */
  readonly closeServer?: boolean;
  /**
   * How long answers under way are waited for once the client has closed the pipe, and then again tasks that cannot be
   * handed back, in milliseconds. Hosts give a process about two seconds before they kill it.
   * @default {750}
   */
  readonly graceMs?: number;
}

/** Whoever starts the process: the same user at every start, and none that an authorization server can name. */
const LOCAL_USER: Principal = { subject: "local", issuer: "urn:perdure:stdio" };

/** What a served pipe needs of its server. */
export interface StdioContext {
  readonly dispatcher: Dispatcher;
  readonly limits: FetchHandlerLimits;
  readonly runtime: Runtime;
  readonly onEvent?: HandlerEventListener;
}

/** A pipe about to be served. */
export interface OpenPipe {
  readonly pipe: Pipe;
  readonly closeServer: boolean;
  readonly graceMs: number;
}

const DEFAULT_GRACE_MS = 750;

/**
 * Takes a pipe, that of this process if no other is given.
 *
 * @throws {TypeError} If only one direction is given, somebody else reads or writes it, the runtime has no standard
 * streams, or tasks cannot belong to the principal.
 * @throws {AccessRefusedError} If the principal lacks a scope that every request needs.
 * @throws {RangeError} If `graceMs` is not a whole number of at least 0.
 */
export function openStdio(context: StdioContext, options: StdioOptions): OpenPipe {
  const { readable, writable, graceMs = DEFAULT_GRACE_MS } = options;
  if ((readable === undefined) !== (writable === undefined)) {
    throw new TypeError('Cannot serve stdio: pass both of "readable" and "writable", or neither');
  }
  if (!Number.isSafeInteger(graceMs) || graceMs < 0) {
    throw new RangeError(`Cannot set "graceMs": ${graceMs} is not a whole number of at least 0`);
  }
  const caller = toCaller(context.dispatcher.scopes, options.principal);
  const given = readable && writable && { readable, writable };
  const { maxBodyBytes, maxDepth, maxQueueBytes } = context.limits;
  const pipe = new Pipe(
    context.dispatcher,
    new FaultReporter(context.runtime, context.onEvent),
    given ?? takeProcessPipe(),
    // The process's own output stays open: on some runtimes whoever prints on a closed one dies of it.
    { caller, maxBodyBytes, maxDepth, maxQueueBytes, closesOutput: given !== undefined },
  );
  if (given === undefined) keepConsoleOffOutput();
  return { pipe, closeServer: options.closeServer ?? given === undefined, graceMs };
}

/** Scopes say what a remote client may do; who starts the process can do all that it can (T25-280, T26-284). */
function toCaller(scopes: ScopeRules, principal: Principal | undefined): () => Principal {
  if (principal === undefined) return () => ({ ...LOCAL_USER, scopes: scopes.known });
  const caller = toPrincipal(principal);
  scopes.demand(caller, [], "this server");
  return () => caller;
}
