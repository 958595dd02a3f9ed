// What else `BSON` has.
(function (native) {
  "use strict";
  const { define } = native;

  const BSONRegExp = define(
    "BSONRegExp",
    function (pattern, options = "") {
      this.pattern = String(pattern);
      this.options = [...String(options)].sort().join("");
    },
    function () {
      return { $regularExpression: { pattern: this.pattern, options: this.options } };
    },
    { toString() { return `/${this.pattern}/${this.options}`; } },
    { fromExtendedJSON: ({ pattern, options }) => new BSONRegExp(pattern, options) },
  );

  const Timestamp = define(
    "Timestamp",
    function ({ t = 0, i = 0 } = {}) {
      this.t = t >>> 0;
      this.i = i >>> 0;
    },
    function () {
      return { $timestamp: { t: this.t, i: this.i } };
    },
    {},
    { fromExtendedJSON: (parts) => new Timestamp(parts) },
  );

  const key = (name, field) => {
    const make = define(name, function () {}, () => ({ [field]: 1 }), {}, { fromExtendedJSON: () => new make() });
    return make;
  };
  const MinKey = key("MinKey", "$minKey");
  const MaxKey = key("MaxKey", "$maxKey");

  return { BSONRegExp, MaxKey, MinKey, Timestamp };
})
