/**
 * `resources/subscribe` and `resources/unsubscribe` of 2025-11-25: kept with the session, so that a stream on any
 * instance hears of updates there.
 *
 * @module
 */
import { ERROR, type JsonObject, ProtocolError } from "../protocol/mod.ts";
import { parseSubscribe } from "../protocol/v2025_11_25/mod.ts";
import { LimitReachedError } from "../tasks/mod.ts";
import type { Caller } from "./exchange.ts";
import { demandScopes } from "./resource_methods.ts";
import type { Services } from "./services.ts";
import type { StoredSession } from "./session_store.ts";

/** Resources one session may subscribe to. */
const MAX_SUBSCRIPTIONS = 100;
/** Characters of their URIs together: a session is one small record. */
const MAX_SUBSCRIBED_CHARS = 16 * 1024;
/** When trying again is no use sooner, in milliseconds: another subscription has to end first. */
const RETRY_MS = 1000;

/**
 * Starts or ends a subscription; ending one that is not there changes nothing.
 *
 * @throws {ProtocolError} -32002 if there is no such resource to subscribe to, -32602 without a URI.
 * @throws {AccessRefusedError} If the caller lacks a scope of the resource.
 * @throws {LimitReachedError} If the session has as many subscriptions as it can hold.
 */
export async function subscribeResource(
  services: Services,
  caller: Caller,
  stored: StoredSession,
  params: JsonObject | undefined,
  isWanted: boolean,
): Promise<JsonObject> {
  const { uri } = parseSubscribe(params);
  if (isWanted) {
    const found = services.resources.find(uri);
    if (found === undefined) throw new ProtocolError(ERROR.resourceNotFound, "Resource not found", { uri });
    demandScopes(services, caller, found.resource);
  }
  const isThere = stored.session.subscriptions?.includes(uri) ?? false;
  if (isThere !== isWanted) {
    await services.sessions.amend(stored, (session) => {
      const others = (session.subscriptions ?? []).filter((known) => known !== uri);
      return { ...session, subscriptions: isWanted ? withOneMore(others, uri) : others };
    });
  }
  services.streams.setSubscription(stored.session.id, uri, isWanted);
  return {};
}

function withOneMore(uris: readonly string[], uri: string): readonly string[] {
  const chars = uris.reduce((sum, known) => sum + known.length, uri.length);
  if (uris.length >= MAX_SUBSCRIPTIONS || chars > MAX_SUBSCRIBED_CHARS) {
    throw new LimitReachedError("subscriptions", MAX_SUBSCRIPTIONS, RETRY_MS);
  }
  return [...uris, uri];
}
