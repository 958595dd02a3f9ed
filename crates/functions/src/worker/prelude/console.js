// The global `console`: every value as text, objects as EJSON, and nothing that logging can fail with.
(function (native) {
  "use strict";
  const show = (value) => {
    try {
      if (typeof value === "string") return value;
      if (value instanceof Error) return String(value);
      if (typeof value === "object" && value !== null) return native.stringify(value);
      return String(value);
    } catch {
      return "[a value that cannot be shown]";
    }
  };
  const method = (level) => (...values) => native.log(level, values.map(show).join(" ").toWellFormed());
  return {
    debug: method("debug"),
    error: method("error"),
    info: method("info"),
    log: method("info"),
    warn: method("warn"),
  };
})
