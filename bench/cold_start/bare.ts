const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"add"}]}}';

export default {
  async fetch(request: Request): Promise<Response> {
    await request.text();
    return new Response(ANSWER, { headers: { "content-type": "application/json" } });
  },
};
