// `context.http`. The requests are sent by the parent process; `native.settle` is called with the answers.
(function (native) {
  "use strict";
  const METHODS = ["get", "post", "put", "patch", "delete", "head"];

  const address = (options) => {
    if (options.url !== undefined) return String(options.url);
    const { scheme = "http", host, path = "", query = {}, fragment } = options;
    if (host === undefined) throw new TypeError("a request needs a url or a host");
    const pairs = Object.entries(query).flatMap(([name, values]) =>
      [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
    );
    const slash = path === "" || path.startsWith("/") ? "" : "/";
    return (
      `${scheme}://${host}${slash}${path}` +
      (pairs.length === 0 ? "" : `?${pairs.join("&")}`) +
      (fragment === undefined ? "" : `#${encodeURIComponent(fragment)}`)
    );
  };

  // The body in base64 and what it is, if the function did not say.
  const content = ({ body, form, encodeBodyAsJSON }) => {
    if (form !== undefined) {
      const pairs = Object.entries(form).map(([name, value]) =>
        `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
      );
      return [native.encode(pairs.join("&")), "application/x-www-form-urlencoded"];
    }
    if (body === undefined || body === null) return [null, undefined];
    if (encodeBodyAsJSON) return [native.encode(native.stringify(body)), "application/json"];
    if (typeof body === "string") return [native.encode(body), undefined];
    if (typeof body.toBase64 === "function") return [body.toBase64(), undefined];
    throw new TypeError("the body of a request is a string or a BSON.Binary, or encodeBodyAsJSON is set");
  };

  const open = new Map();
  native.settle = (id, succeeded, text) => {
    const promise = open.get(id);
    if (promise === undefined) return false;
    open.delete(id);
    if (!succeeded) {
      promise.reject(new Error(text));
      return true;
    }
    const { status_code: statusCode, status, headers, body } = JSON.parse(text);
    const binary = native.module("BSON").Binary.fromBase64(body);
    promise.resolve({ status, statusCode, headers, body: binary });
    return true;
  };
  const send = (method) => async (options) => {
    if (typeof options !== "object" || options === null) throw new TypeError("a request needs a url");
    const [body, type] = content(options);
    const headers = {};
    for (const [name, values] of Object.entries(options.headers ?? {})) headers[name] = [values].flat().map(String);
    const typed = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
    if (type !== undefined && !typed) headers["Content-Type"] = [type];
    const follow_redirects = options.followRedirects === true;
    const request = { method: method.toUpperCase(), url: address(options), headers, body, follow_redirects };
    const id = native.request(JSON.stringify(request).toWellFormed());
    return new Promise((resolve, reject) => open.set(id, { resolve, reject }));
  };
  return Object.fromEntries(METHODS.map((method) => [method, send(method)]));
})
