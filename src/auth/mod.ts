/**
 * Authentication by bearer tokens that an authorization server signed: the server as a resource server.
 *
 * It verifies tokens and nothing else. It issues none, keeps none, passes none on, and asks the authorization server
 * for nothing but its public keys. Which scopes a request needs is for the server to say (`requiredScopes`, and
 * `scopes` of a tool).
 *
 * @example A server that takes tokens of one issuer
 * ```ts
 * import { McpServer } from "@perdure/mcp-tasks";
 * import { jwtBearer } from "@perdure/mcp-tasks/auth";
 * import { memory } from "@perdure/mcp-tasks/memory";
 *
 * const server = new McpServer({ name: "reports", version: "1.0.0" }, {
 *   backend: memory(),
 *   allowedHosts: ["mcp.example"],
 *   authenticate: jwtBearer({
 *     issuer: "https://id.example",
 *     audience: "https://mcp.example/mcp",
 *     keys: "https://id.example/jwks.json",
 *   }),
 *   protectedResource: {
 *     resource: "https://mcp.example/mcp",
 *     authorizationServers: ["https://id.example"],
 *   },
 * });
 * await server.close();
 * ```
 *
 * @module
 */
export { jwtBearer, type JwtBearerOptions } from "./jwt_bearer.ts";
export { readBearerToken, type ReadBearerTokenOptions } from "./bearer_token.ts";
export type { FetchLike, KeySetJson, KeySetOptions } from "./key_set.ts";
export type {
  AuthenticatedPrincipal,
  Authentication,
  CredentialRefusal,
  Principal,
  RefusalReason,
} from "../server/mod.ts";
export type { JsonObject, JsonValue } from "../protocol/mod.ts";
export type { CancelTimer, Runtime } from "../runtime.ts";
