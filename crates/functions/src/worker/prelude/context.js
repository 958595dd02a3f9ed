// `context`: who called, what the application has, and the ways out of the function. Each function has its
// own, as only some run as system.
(function (native) {
  "use strict";

  const SYSTEM = { type: "system", data: {}, custom_data: {}, identities: [] };

  // Adds a property that is computed when it is first read.
  const later = (object, name, compute) => {
    const settled = (value) =>
      Object.defineProperty(object, name, { configurable: true, enumerable: true, value, writable: true });
    Object.defineProperty(object, name, {
      configurable: true,
      enumerable: true,
      get: () => settled(compute())[name],
      set: settled,
    });
  };

  // App Services documents both spellings.
  const user = () => {
    const user = native.fact("user") ?? SYSTEM;
    if (Array.isArray(user.identities)) {
      for (const identity of user.identities) {
        identity.provider_type ??= identity.providerType;
        identity.providerType ??= identity.provider_type;
      }
    }
    return user;
  };

  const shared = {};
  later(shared, "http", () => native.module("http"));
  later(shared, "user", user);
  later(shared, "request", () => native.fact("request"));
  later(shared, "app", () => native.fact("app"));
  later(shared, "environment", () => native.fact("environment"));

  return (depth, asSystem) => {
    const context = {
      functions: { execute: (name, ...values) => native.execute(depth + 1, String(name), asSystem, values) },
      values: { get: (name) => native.value(String(name)) },
      services: {
        get: (name) => {
          throw new Error(
            `service not found: '${name}': Keystead runs no services. ` +
              "Call the service's own HTTP interface with context.http instead",
          );
        },
      },
      runningAsSystem: () => asSystem,
    };
    for (const name of Object.keys(shared)) later(context, name, () => shared[name]);
    return context;
  };
})
