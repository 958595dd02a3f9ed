// The global `utils`: crypto and jwt.
(function (native) {
  "use strict";
  const crypto = native.crypto();
  const { Binary } = native.module("BSON");

  const bytes = (value, what) => {
    if (typeof value === "string") return native.encode(value.toWellFormed());
    if (typeof value?.toBase64 === "function") return String(value.toBase64());
    throw new TypeError(`${what} is neither a string nor a BSON.Binary`);
  };
  const hex = (base64) => Uint8Array.fromBase64(base64).toHex();
  const toUrl = (base64) => base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const fromUrl = (text) => {
    if (!/^[\w-]*$/.test(text)) throw new Error("this is no JSON Web Token");
    return Uint8Array.fromBase64(text, { alphabet: "base64url" }).toBase64();
  };

  // App Services does not say which hash its RSA signatures use; SHA-256 is what everybody does.
  const rsa = (type, scheme) => {
    const method = { pss: "PS256", pkcs1v15: "RS256" }[scheme];
    if (type !== "rsa" || method === undefined) throw new Error("signatures are 'rsa', with 'pss' or 'pkcs1v15'");
    return method;
  };

  const header = (text) => JSON.parse(native.decode(fromUrl(text)));
  const decode = (token, key, returnHeader = false, acceptedMethods = undefined) => {
    const parts = String(token).split(".");
    if (parts.length !== 3) throw new Error("this is no JSON Web Token");
    const head = header(parts[0]);
    const method = String(head.alg);
    // A public key must never be taken for a secret: without a list, the kind of key decides.
    const isPem = /-----BEGIN /.test(String(key));
    const accepted = acceptedMethods?.length ? acceptedMethods.includes(method) : method.startsWith("HS") !== isPem;
    if (!accepted) throw new Error(`the signing method ${method} is not accepted`);
    const message = native.encode(`${parts[0]}.${parts[1]}`);
    if (!crypto.verify(method, message, bytes(key, "the key"), fromUrl(parts[2]))) {
      throw new Error("the signature is invalid");
    }
    const payload = header(parts[1]);
    const now = Date.now() / 1000;
    if (typeof payload.exp === "number" && now >= payload.exp) throw new Error("the token is expired");
    if (typeof payload.nbf === "number" && now < payload.nbf) throw new Error("the token is not valid yet");
    return returnHeader ? { header: head, payload } : payload;
  };

  const encode = (method, payload, secret, customHeader = {}) => {
    const part = (value) => toUrl(native.encode(JSON.stringify(value).toWellFormed()));
    const message = `${part({ ...customHeader, alg: method, typ: "JWT" })}.${part(payload)}`;
    const signature = crypto.sign(String(method), native.encode(message), bytes(secret, "the secret"));
    return `${message}.${toUrl(signature)}`;
  };

  const hmac = (input, secret, name, format) => {
    if (format !== "hex" && format !== "base64") throw new Error("the output format is 'hex' or 'base64'");
    const code = crypto.hmac(String(name), bytes(input, "the input"), bytes(secret, "the secret"));
    return format === "hex" ? hex(code) : code;
  };

  const aes = (type) => {
    if (type !== "aes") throw new Error("messages are encrypted with 'aes'");
  };

  return {
    crypto: {
      encrypt: (type, message, key) => {
        aes(type);
        return Binary.fromBase64(crypto.encrypt(bytes(message, "the message"), bytes(key, "the key")));
      },
      decrypt: (type, message, key) => {
        aes(type);
        return Binary.fromBase64(crypto.decrypt(bytes(message, "the message"), bytes(key, "the key")));
      },
      hash: (name, input) => Binary.fromBase64(crypto.hash(String(name), bytes(input, "the input"))),
      hmac,
      sign: (type, message, key, scheme) =>
        Binary.fromBase64(crypto.sign(rsa(type, scheme), bytes(message, "the message"), bytes(key, "the key"))),
      verify: (type, message, key, signature, scheme) =>
        crypto.verify(
          rsa(type, scheme),
          bytes(message, "the message"),
          bytes(key, "the key"),
          bytes(signature, "the signature"),
        ),
    },
    jwt: { decode, encode },
  };
})
