/**
 * From the events of an AWS Lambda function URL, invoke mode `RESPONSE_STREAM`, to a fetch handler and back.
 *
 * @module
 */

/** The part of an event, payload format 2.0, that is used. */
export interface UrlEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly domainName: string; readonly http: { readonly method: string } };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

/** A stream of Node's that is written to. */
export interface OutgoingStream {
  write(chunk: Uint8Array | string): boolean;
  once(event: "drain", listener: () => void): unknown;
  end(): unknown;
}

/** What Lambda has as `awslambda.HttpResponseStream`. */
export interface ResponseStreams {
  from(
    stream: OutgoingStream,
    metadata: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> },
  ): OutgoingStream;
}

/** Whatever answers fetch requests. */
export interface FetchServer {
  fetch(request: Request, ...platform: unknown[]): Promise<Response>;
}

/** What `awslambda.streamifyResponse()` takes. */
export type StreamHandler = (event: UrlEvent, stream: OutgoingStream) => Promise<void>;

/** Builds the handler. Lambda stops the function when its promise resolves: not before the work is done. */
export function toStreamHandler(server: FetchServer, streams: ResponseStreams): StreamHandler {
  return async function handle(event, stream) {
    const work: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) => void work.push(promise);
    const response = await server.fetch(toRequest(event), { waitUntil });
    const outgoing = streams.from(stream, {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
    });
    // Status and headers go out with the first piece, and there may be no other.
    outgoing.write("");
    for await (const piece of response.body ?? []) {
      if (!outgoing.write(piece)) await new Promise<void>((resolve) => outgoing.once("drain", resolve));
    }
    outgoing.end();
    await Promise.allSettled(work);
  };
}

function toRequest(
  { rawPath, rawQueryString, headers, requestContext, body, isBase64Encoded }: UrlEvent,
): Request {
  const query = rawQueryString === "" ? "" : `?${rawQueryString}`;
  const bytes = body !== undefined && isBase64Encoded
    ? Uint8Array.from(atob(body), (char) => char.charCodeAt(0))
    : body;
  return new Request(`https://${requestContext.domainName}${rawPath}${query}`, {
    method: requestContext.http.method,
    headers,
    body: bytes,
  });
}
