/**
 * Names by which passwords, keys, tokens and cards go.
 *
 * @module
 */

const ENDINGS: readonly string[] = [
  "password",
  "passwd",
  "passphrase",
  "apikey",
  "accesskey",
  "accesstoken",
  "authtoken",
  "bearertoken",
  "idtoken",
  "refreshtoken",
  "sessiontoken",
  "clientsecret",
  "secretkey",
  "privatekey",
  "creditcard",
  "cardnumber",
  "securitycode",
];
const WHOLE: ReadonlySet<string> = new Set(["secret", "jwt", "pin", "pincode", "cvv", "cvc", "cvv2", "iban"]);
const WHOLE_IN_ADDRESS: ReadonlySet<string> = new Set(["token", "session", "sessionid", "signature", "otp"]);

/**
 * Whether what has this name is a secret: `newPassword`, `API key`, `cvv`. It sees the obvious ones; what else a name may
 * hide is the author's to know.
 */
export function isSecretName(name: string): boolean {
  const bare = toBare(name);
  return WHOLE.has(bare) || ENDINGS.some((ending) => bare.endsWith(ending));
}

/** What in an address is a login or a secret, in words; `undefined` if nothing seems to be. */
export function secretInAddress(url: URL): string | undefined {
  if (url.username !== "" || url.password !== "") return "a user name or password";
  // What follows "#" is often written like a query, and browsers keep it in their history too.
  const parameters = [...url.searchParams.keys(), ...new URLSearchParams(url.hash.slice(1)).keys()];
  const found = parameters.find((name) => isSecretName(name) || WHOLE_IN_ADDRESS.has(toBare(name)));
  return found === undefined ? undefined : `the parameter "${found}"`;
}

function toBare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
