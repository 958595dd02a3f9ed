// The global `EJSON`. Both directions are native.
(function (native) {
  "use strict";
  return {
    parse: (text) => native.parse(String(text)),
    stringify: (value) => native.stringify(value),
  };
})
